/* SPDX-License-Identifier: Apache-2.0 */
/* Float models against ONNX Runtime's raw outputs. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "data.h"
#include "models.h"
#include "read_npy.h"

/* Other orders of summation in single precision; ONNX Runtime itself differs from torch by 0.002 px
 * and 4e-6. */
#define BOX_TOLERANCE_PX 0.05
#define SCORE_TOLERANCE 1e-3

static void every_model_loads(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int classes, size, size_is_fixed;
    } models[] = {
        {"models/yolov8n.onnx", 80, 640, 1},           {"models/yolov8n-op11.onnx", 80, 640, 1},
        {"models/yolov8n-dynamic.onnx", 80, 640, 0},   {"models/yolov8s.onnx", 80, 640, 1},
        {"models/neudet-yolov8n-224.onnx", 6, 224, 1},
    };
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        struct test_context test;
        test_context_init(&test);
        octet_model *model = test_data_model(&test.context, models[i].path);
        octet_info info;
        octet_model_info(model, &info);
        assert_int_equal(info.class_count, models[i].classes);
        assert_int_equal(info.input_height, models[i].size);
        assert_int_equal(info.input_width, models[i].size);
        assert_int_equal(info.size_is_fixed, models[i].size_is_fixed);
        assert_int_equal(info.stride_max, 32);
        assert_true(info.probe_box_difference < 0.01 && info.probe_score_difference < 1e-5);
        octet_model_free(&model);
        assert_int_equal(test.live, 0);
    }
}

struct difference {
    double box, score;
};

static void compare(octet_context *ctx, json_t *item, struct difference *largest)
{
    char path[TEST_PATH_BYTES], relative[TEST_PATH_BYTES];
    const char *file = json_string_value(json_object_get(item, "file"));
    struct npy input, expected;
    npy_read(test_data_path(path, json_string_value(json_object_get(item, "input"))), &input);
    snprintf(relative, sizeof relative, "golden/ort/%s", file);
    npy_read(test_data_path(path, relative), &expected);
    npy_expect(&input, NPY_UINT8, 3, input.shape[0], input.shape[1], (size_t)3);
    octet_engine *engine = test_data_engine(ctx, json_string_value(json_object_get(item, "model")));
    const octet_session_settings settings = {
        .height = (int)input.shape[0], .width = (int)input.shape[1], .batch = 1};
    octet_session *session;
    assert_int_equal(octet_session_open(ctx, engine, &settings, &session), OCTET_OK);
    octet_info info;
    octet_engine_info(engine, &info);
    const size_t anchors = (size_t)octet_session_anchor_count(session);
    npy_expect(&expected, NPY_FLOAT32, 3, (size_t)1, (size_t)(4 + info.class_count), anchors);
    float *output = malloc(expected.count * sizeof *output);
    assert_non_null(output);
    assert_int_equal(octet_session_set_pixels(session, 0, input.u8), OCTET_OK);
    assert_int_equal(octet_session_run(session), OCTET_OK);
    assert_int_equal(octet_session_output(session, 0, output), OCTET_OK);
    struct difference found = {0.0, 0.0};
    for (size_t i = 0; i < expected.count; i++) {
        const double off = fabs((double)output[i] - (double)expected.f32[i]);
        double *to = i < 4 * anchors ? &found.box : &found.score;
        *to = off > *to || isnan(off) ? off : *to;
    }
    print_message("    %s: %.5f px, %.2g score\n", file, found.box, found.score);
    assert_true(found.box <= BOX_TOLERANCE_PX && found.score <= SCORE_TOLERANCE);
    largest->box = fmax(largest->box, found.box);
    largest->score = fmax(largest->score, found.score);
    free(output);
    octet_session_close(&session);
    octet_engine_free(&engine);
    npy_free(&input);
    npy_free(&expected);
}

static void outputs(void **state)
{
    (void)state;
    struct test_context test;
    test_context_init(&test);
    struct difference largest = {0.0, 0.0};
    json_t *index = test_data_json("golden/ort/index.json"), *item;
    size_t i;
    json_array_foreach(json_object_get(index, "items"), i, item)
        compare(&test.context, item, &largest);
    assert_int_equal(i, 6);
    print_message("    largest: %.5f px, %.2g score\n", largest.box, largest.score);
    json_decref(index);
    assert_int_equal(test.live, 0);
}

int main(void)
{
    if (!test_data_present())
        return TEST_SKIPPED;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_model_loads),
        cmocka_unit_test(outputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
