/* SPDX-License-Identifier: Apache-2.0 */
/* The bundled models of other families in INT8, by recorded scales: the same bits everywhere; and
 * exported with Q/DQ, read again and run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bundled.h"
#include "counting_context.h"
#include "data.h"
#include "folder.h"
#include "models.h"
#include "same_bits.h"

enum { SIZE = 320, LAST = 6 }; /* convolutions that give the logits and distances: never INT8 */

static const struct family {
    const char *name, *model, *cache;
    int once;
    int convolutions; /* with weights that were trained */
    int missed_most;  /* boxes of score 0.5 and above that the export may lose */
} families[] = {
    {"yolo11", "demo/parts-yolo11.onnx", "tests/golden/bundled-yolo11.cache", 0, 87, 2},
    {"yolo26", "demo/parts-yolo26.onnx", "tests/golden/bundled-yolo26.cache", 1, 102, 2},
};

static struct test_context test;
static octet_engine *engine;

static const struct family *open_family(void **state)
{
    const struct family *family = *state;
    test_context_init(&test);
    engine = test_bundled_int8(&test.context, family->model, family->cache);
    return family;
}

static void close_family(void)
{
    octet_engine_free(&engine);
    assert_int_equal(test.live, 0);
}

/* Outputs of all pictures are the recorded ones: of every machine, compiler and kernel set. */
static void recorded(void **state)
{
    const struct family *family = open_family(state);
    json_t *all = test_bundled_family(family->name, "pictures");
    test_bundled_outputs(&test.context, engine, all, SIZE);
    json_decref(all);
    close_family();
}

static void square(void **state)
{
    open_family(state);
    test_same_bits(&test.context, engine, SIZE, SIZE, "demo/images/test/test-00.jpg");
    close_family();
}

/* Attention over another number of cells than the file's. */
static void wide(void **state)
{
    open_family(state);
    test_same_bits(&test.context, engine, 224, 416, "demo/images/test/test-01.jpg");
    close_family();
}

/* ---- exported ---- */

static int is_found(const octet_detection *wanted, const octet_detection *boxes, int count)
{
    for (int i = 0; i < count; i++)
        if (boxes[i].class_id == wanted->class_id && test_iou(wanted, &boxes[i]) >= 0.8)
            return 1;
    return 0;
}

/* Of the float model's sure boxes, those that the read export does not find. */
static int count_missed(const octet_engine *exported, const char *model, int *sure)
{
    octet_context *ctx = &test.context;
    octet_engine *fp32 = test_data_engine(ctx, model);
    octet_session *fast, *exact;
    struct test_data_list pictures = test_data_list("demo/images/test", 14);
    int missed = 0;
    *sure = 0;
    assert_int_equal(octet_session_open(ctx, exported, NULL, &fast), OCTET_OK);
    assert_int_equal(octet_session_open(ctx, fp32, NULL, &exact), OCTET_OK);
    for (int i = 0; i < pictures.count; i++) {
        octet_detection wanted[300], boxes[300];
        octet_image *image = test_data_image(ctx, pictures.paths[i]);
        const int expected = test_detect(exact, image, 0.5, wanted);
        const int count = test_detect(fast, image, 0.25, boxes);
        for (int b = 0; b < expected; b++)
            missed += !is_found(&wanted[b], boxes, count);
        *sure += expected;
        octet_image_free(&image);
    }
    octet_session_close(&fast);
    octet_session_close(&exact);
    octet_engine_free(&fp32);
    test_data_list_free(&pictures);
    return missed;
}

/* The file has its selection still, and finds what the float model finds. */
static void check_export(const struct family *family, const char *target)
{
    octet_context *ctx = &test.context;
    octet_model *model;
    octet_engine *exported;
    octet_detect_settings settings;
    octet_info info;
    int sure;
    if (octet_model_load(ctx, target, &model) != OCTET_OK)
        fail_msg("%s", octet_context_message(ctx));
    octet_model_info(model, &info);
    assert_int_equal(info.precision, OCTET_PRECISION_MIXED); /* the head stays float */
    assert_int_equal(octet_model_detect_settings(model, &settings), family->once);
    assert_int_equal(octet_build(ctx, model, NULL, NULL, &exported), OCTET_OK);
    octet_model_free(&model);
    const int missed = count_missed(exported, family->model, &sure);
    print_message("    %s: %d of %d boxes of score 0.5 and above\n", family->name, sure - missed,
                  sure);
    assert_true(sure > 50);
    assert_in_range(missed, 0, family->missed_most);
    octet_engine_free(&exported);
}

/* The convolution of queries, keys and values is one in the file, and three where it is chosen. */
static void export_one(const struct family *family, const octet_statistics *statistics,
                       const char *floats, const char *target)
{
    char source[TEST_PATH_BYTES];
    octet_export_settings settings;
    octet_export_info info;
    const int most = family->convolutions - LAST;
    octet_export_defaults(&settings);
    settings.float_layers = floats;
    test_data_path(source, family->model);
    if (octet_export(&test.context, source, statistics, &settings, target, &info) != OCTET_OK)
        fail_msg("%s", octet_context_message(&test.context));
    assert_int_equal(info.layer_count, family->convolutions);
    assert_int_equal(info.float_count > 0, strcmp(floats, "auto") == 0);
    assert_in_range(info.quantised_count, most - info.float_count, most - (info.float_count > 0));
    check_export(family, target);
}

static void qdq(void **state)
{
    char folder[TEST_FOLDER_BYTES], target[TEST_FOLDER_BYTES + 16];
    const struct family *family = *state;
    test_context_init(&test);
    test_folder_create(folder);
    snprintf(target, sizeof target, "%s/out.onnx", folder);
    octet_statistics *statistics =
        test_data_statistics(&test.context, family->model, "demo/images/calibration", 28);
    export_one(family, statistics, "none", target);
    export_one(family, statistics, "auto", target);
    octet_statistics_free(&statistics);
    test_folder_remove(folder);
    assert_int_equal(test.live, 0);
}

#define OF_FAMILY(test, at) cmocka_unit_test_prestate(test, (void *)(uintptr_t)&families[at])
#define ALL(test) OF_FAMILY(test, 0), OF_FAMILY(test, 1)

int main(void)
{
    const struct CMUnitTest tests[] = {ALL(recorded), ALL(square), ALL(wide), ALL(qdq)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
