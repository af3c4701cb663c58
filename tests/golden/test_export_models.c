/* SPDX-License-Identifier: Apache-2.0 */
/* Real exports of all kinds with Q/DQ put in: the rules of placement hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <octet/octet.h>

#include "compiler/onnx/onnx_model.h"
#include "counting_context.h"
#include "data.h"
#include "folder.h"
#include "models.h"
#include "qdq_rules.h"

struct expected {
    const char *model, *folder;
    int sums; /* residual additions: none of them is left float */
};

static const struct expected models[] = {
    {"models/yolov8n.onnx", "coco/images/train2017", 6},
    {"models/yolov8n-op11.onnx", "coco/images/train2017", 6},
    {"models/yolov8n-dynamic.onnx", "coco/images/train2017", 6},
    {"models/yolov8s.onnx", "coco/images/train2017", 6},
    {"models/neudet-yolov8n-224.onnx", "neudet/images/train", 6},
};

static void unpack(octet_context *ctx, const char *path, struct oct_onnx_model *model)
{
    size_t size;
    unsigned char *bytes = test_read_file(path, &size);
    oct_onnx_init(ctx, "file", model);
    assert_int_equal(oct_onnx_unpack(model, bytes, size), OCTET_OK);
    free(bytes);
}

static void check(octet_context *ctx, const struct expected *e, const octet_statistics *statistics,
                  const char *floats, int int8)
{
    char folder[TEST_FOLDER_BYTES], path[TEST_FOLDER_BYTES + 16], source[TEST_PATH_BYTES];
    struct oct_onnx_model before, after;
    octet_export_settings settings;
    octet_export_info info;
    octet_export_defaults(&settings);
    settings.int8_weights = settings.unsigned_codes = int8;
    settings.float_layers = floats;
    test_data_path(source, e->model);
    test_folder_create(folder);
    snprintf(path, sizeof path, "%s/out.onnx", folder);
    if (octet_export(ctx, source, statistics, &settings, path, &info))
        fail_msg("%s", octet_context_message(ctx));
    assert_int_equal(info.layer_count, 63);
    assert_int_equal(info.quantised_count, 63 - 6 - info.float_count);
    unpack(ctx, source, &before);
    unpack(ctx, path, &after);
    const struct test_qdq_expected expected = {info.quantised_count, e->sums, int8, int8, 1};
    test_qdq_rules(before.message, after.message, &expected);
    oct_onnx_close(&before);
    oct_onnx_close(&after);
    test_folder_remove(folder);
}

static void test_models(void **state)
{
    (void)state;
    struct test_context test;
    test_context_init(&test);
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        if (test_is_slow() && i == 3)
            continue;
        octet_statistics *statistics =
            test_data_statistics(&test.context, models[i].model, models[i].folder, 2);
        check(&test.context, &models[i], statistics, "none", 0);
        check(&test.context, &models[i], statistics, "auto", 1);
        octet_statistics_free(&statistics);
    }
    assert_int_equal(test.live, 0);
}

int main(void)
{
    if (!test_data_present())
        return TEST_SKIPPED;
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_models)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
