/* SPDX-License-Identifier: Apache-2.0 */
/* The bundled model exported: Q/DQ by the rules of placement, read again and run; the cache. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <octet/octet.h>

#include "bundled.h"
#include "compiler/onnx/onnx_model.h"
#include "counting_context.h"
#include "data.h"
#include "folder.h"
#include "models.h"
#include "qdq_rules.h"

/* Convolutions, those of the head that give its logits, and residual additions. */
enum { CONVOLUTIONS = 63, LAST = 6, SUMS = 6 };

/* Of 97 boxes of score 0.5 and above of the float model; measured: 0. */
#define MISSED_MOST 1

static struct test_context test;
static octet_statistics *statistics;
static char folder[TEST_FOLDER_BYTES], source[TEST_PATH_BYTES], target[TEST_FOLDER_BYTES + 16];

static int set_up(void **state)
{
    (void)state;
    test_context_init(&test);
    octet_context *ctx = &test.context;
    test_folder_create(folder);
    snprintf(target, sizeof target, "%s/out", folder);
    test_data_path(source, BUNDLED_MODEL);
    statistics = test_data_statistics(ctx, BUNDLED_MODEL, "demo/images/calibration", 28);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    octet_statistics_free(&statistics);
    test_folder_remove(folder);
    return test.live;
}

static void unpack(const char *path, struct oct_onnx_model *model)
{
    size_t size;
    unsigned char *bytes = test_read_file(path, &size);
    oct_onnx_init(&test.context, "file", model);
    assert_int_equal(oct_onnx_unpack(model, bytes, size), OCTET_OK);
    free(bytes);
}

static int is_found(const octet_detection *wanted, const octet_detection *boxes, int count)
{
    for (int i = 0; i < count; i++)
        if (boxes[i].class_id == wanted->class_id && test_iou(wanted, &boxes[i]) >= 0.8)
            return 1;
    return 0;
}

/* The exported model, read again with its own scales, finds the float model's boxes. */
static void check_boxes(void)
{
    octet_context *ctx = &test.context;
    octet_model *model;
    octet_engine *int8, *fp32 = test_data_engine(ctx, BUNDLED_MODEL);
    octet_session *fast, *exact;
    octet_info info;
    if (octet_model_load(ctx, target, &model) != OCTET_OK)
        fail_msg("%s", octet_context_message(ctx));
    octet_model_info(model, &info);
    assert_int_equal(info.precision, OCTET_PRECISION_MIXED); /* the head stays float */
    assert_int_equal(octet_build(ctx, model, NULL, NULL, &int8), OCTET_OK);
    octet_model_free(&model);
    assert_int_equal(octet_session_open(ctx, int8, NULL, &fast), OCTET_OK);
    assert_int_equal(octet_session_open(ctx, fp32, NULL, &exact), OCTET_OK);
    int sure = 0, found = 0;
    json_t *all = test_bundled("pictures"), *entry;
    size_t i;
    json_array_foreach(json_object_get(all, "pictures"), i, entry)
    {
        octet_detection wanted[300], boxes[300];
        octet_image *image = test_data_image(ctx, test_bundled_text(entry, "image"));
        const int expected = test_detect(exact, image, 0.5, wanted);
        const int count = test_detect(fast, image, 0.25, boxes);
        for (int b = 0; b < expected; b++)
            found += is_found(&wanted[b], boxes, count);
        sure += expected;
        octet_image_free(&image);
    }
    print_message("    %d of %d boxes of score 0.5 and above\n", found, sure);
    assert_true(sure > 90);
    assert_in_range(sure - found, 0, MISSED_MOST);
    json_decref(all);
    octet_session_close(&fast);
    octet_session_close(&exact);
    octet_engine_free(&int8);
    octet_engine_free(&fp32);
}

static void check_qdq(const char *floats, int int8)
{
    struct oct_onnx_model before, after;
    octet_export_settings settings;
    octet_export_info info;
    octet_export_defaults(&settings);
    settings.int8_weights = settings.unsigned_codes = int8;
    settings.float_layers = floats;
    if (octet_export(&test.context, source, statistics, &settings, target, &info) != OCTET_OK)
        fail_msg("%s", octet_context_message(&test.context));
    assert_int_equal(info.layer_count, CONVOLUTIONS);
    assert_int_equal(info.quantised_count, CONVOLUTIONS - LAST - info.float_count);
    assert_int_equal(info.float_count > 0, strcmp(floats, "auto") == 0);
    unpack(source, &before);
    unpack(target, &after);
    const struct test_qdq_expected expected = {info.quantised_count, SUMS, int8, int8, 1};
    test_qdq_rules(before.message, after.message, &expected);
    oct_onnx_close(&before);
    oct_onnx_close(&after);
    check_boxes();
}

static void qdq(void **state)
{
    (void)state;
    check_qdq("none", 0);
    check_qdq("auto", 1);
}

/* The names of the recorded cache, in its order, and its scales: the same with every kernel set
 * that it was made with. Another one's float sums may move a value into the next bin, and the
 * search to the next of its 96 shares, a hundredth of the largest magnitude away. */
static void cache(void **state)
{
    (void)state;
    octet_context *ctx = &test.context;
    octet_export_settings settings;
    octet_cache *made, *recorded;
    octet_cache_entry is, wanted;
    char path[TEST_PATH_BYTES];
    int count = 0, moved = 0;
    octet_export_defaults(&settings);
    settings.format = OCTET_EXPORT_TRT_CACHE;
    assert_int_equal(octet_export(ctx, source, statistics, &settings, target, NULL), OCTET_OK);
    assert_int_equal(octet_cache_load(ctx, target, &made), OCTET_OK);
    test_project_path(path, "tests/golden/bundled.cache");
    assert_int_equal(octet_cache_load(ctx, path, &recorded), OCTET_OK);
    assert_string_equal(octet_cache_header(made), octet_cache_header(recorded));
    for (; octet_cache_at(recorded, NULL, count, &wanted); count++) {
        assert_int_equal(octet_cache_at(made, NULL, count, &is), 1);
        assert_string_equal(is.name, wanted.name);
        if (!(fabs(is.scale - wanted.scale) <= 0.05 * wanted.scale))
            fail_msg("%s: %g, not %g", is.name, is.scale, wanted.scale);
        moved += fabs(is.scale - wanted.scale) > 1e-5 * wanted.scale;
    }
    assert_int_equal(octet_cache_at(made, NULL, count, &is), 0);
    print_message("    %d scales, %d moved\n", count, moved);
    assert_int_equal(count, 218);
    assert_in_range(moved, 0, 2);
    octet_cache_free(&made);
    octet_cache_free(&recorded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(qdq),
        cmocka_unit_test(cache),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
