/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A quantised model against ONNX Runtime's output. The engine computes what the file says, rounding
 * by rounding: sums of integers are exact, so that only float arithmetic on the way to a code can
 * differ in its last bit, and a code by one where a value lies between two. Such a code changes
 * what depends on it (tests of the data: by up to 11 px and 0.35 in score on other pictures). Held
 * are the boxes: every detection with a score of 0.3 and above has one of its class in the other's,
 * with an intersection over union of 0.95 at least and a score within 0.02.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <octet/build.h>

#include "counting_context.h"
#include "data.h"
#include "models.h"
#include "read_npy.h"

enum { CLASSES = 80, ANCHORS = 8400, BOXES_MAX = 300, SIZE = 640 };

#define SCORE_LEAST 0.3f
#define IOU_LEAST 0.95

static octet_detection box_of(const float *output, int anchor)
{
    const float x = output[anchor], y = output[ANCHORS + anchor];
    const float w = output[2 * ANCHORS + anchor] / 2, h = output[3 * ANCHORS + anchor] / 2;
    octet_detection box = {x - w, y - h, x + w, y + h, 0.0f, 0};
    for (int c = 0; c < CLASSES; c++)
        if (output[(4 + c) * ANCHORS + anchor] > box.score) {
            box.score = output[(4 + c) * ANCHORS + anchor];
            box.class_id = c;
        }
    return box;
}

/* The usual greedy suppression at 0.7; of equal scores the first anchor wins. */
static int select_boxes(const float *output, octet_detection *boxes)
{
    static octet_detection all[ANCHORS];
    int count = 0;
    for (int a = 0; a < ANCHORS; a++)
        all[a] = box_of(output, a);
    for (;;) {
        int best = -1;
        for (int a = 0; a < ANCHORS; a++)
            if (all[a].score >= SCORE_LEAST && (best < 0 || all[a].score > all[best].score))
                best = a;
        if (best < 0)
            return count;
        assert_true(count < BOXES_MAX);
        bool kept = true;
        for (int i = 0; i < count; i++)
            kept = kept && !(boxes[i].class_id == all[best].class_id &&
                             test_iou(&boxes[i], &all[best]) > 0.7);
        if (kept)
            boxes[count++] = all[best];
        all[best].score = 0.0f;
    }
}

/* Every box of `a` is among `b`. */
static void expect_among(const octet_detection *a, int a_count, const octet_detection *b,
                         int b_count)
{
    for (int i = 0; i < a_count; i++) {
        double best = 0.0;
        float score = 0.0f;
        for (int k = 0; k < b_count; k++)
            if (a[i].class_id == b[k].class_id && test_iou(&a[i], &b[k]) > best) {
                best = test_iou(&a[i], &b[k]);
                score = b[k].score;
            }
        if (!(best >= IOU_LEAST && fabsf(score - a[i].score) <= 0.02f))
            fail_msg("class %d, score %g: best overlap %g with score %g", a[i].class_id,
                     (double)a[i].score, best, (double)score);
    }
}

static octet_engine *build(octet_context *ctx, const char *relative)
{
    char path[TEST_PATH_BYTES];
    octet_model *model;
    octet_engine *engine;
    octet_info info;
    assert_int_equal(octet_model_load(ctx, test_data_path(path, relative), &model), OCTET_OK);
    octet_model_info(model, &info);
    assert_int_equal(info.precision, OCTET_PRECISION_INT8);
    if (octet_build(ctx, model, NULL, NULL, &engine) != OCTET_OK)
        fail_msg("%s", octet_context_message(ctx));
    octet_model_free(&model);
    return engine;
}

static float *run(octet_context *ctx, const octet_engine *engine, const char *cpu,
                  const uint8_t *pixels)
{
    octet_session_settings settings;
    octet_session *session;
    float *output = malloc((4 + CLASSES) * ANCHORS * sizeof *output);
    octet_session_defaults(&settings);
    settings.cpu = cpu;
    assert_non_null(output);
    assert_int_equal(octet_session_open(ctx, engine, &settings, &session), OCTET_OK);
    assert_int_equal(octet_session_anchor_count(session), ANCHORS);
    assert_int_equal(octet_session_set_pixels(session, 0, pixels), OCTET_OK);
    assert_int_equal(octet_session_run(session), OCTET_OK);
    assert_int_equal(octet_session_output(session, 0, output), OCTET_OK);
    octet_session_close(&session);
    return output;
}

static void test_detections_match(void **state)
{
    (void)state;
    struct test_context test;
    char path[TEST_PATH_BYTES];
    struct npy pixels, golden;
    octet_detection wanted[BOXES_MAX], found[BOXES_MAX];
    test_context_init(&test);
    npy_read(test_data_path(path, "golden/preprocess/000000000139_640.npy"), &pixels);
    npy_read(test_data_path(path, "golden/qdq/yolov8n-ort-qdq-entropy_000000000139_640.npy"),
             &golden);
    npy_expect(&pixels, NPY_UINT8, 3, (size_t)SIZE, (size_t)SIZE, (size_t)3);
    npy_expect(&golden, NPY_FLOAT32, 3, (size_t)1, (size_t)4 + CLASSES, (size_t)ANCHORS);
    octet_engine *engine = build(&test.context, "models/yolov8n-ort-qdq-entropy.onnx");
    float *output = run(&test.context, engine, NULL, pixels.u8);
    float *again = run(&test.context, engine, "ref", pixels.u8);
    assert_memory_equal(again, output, golden.count * sizeof *output);
    const int wanted_count = select_boxes(golden.f32, wanted);
    const int found_count = select_boxes(output, found);
    float box = 0.0f, score = 0.0f;
    for (int a = 0; a < ANCHORS; a++)
        for (int i = 0; i < 4 + CLASSES && box_of(golden.f32, a).score >= SCORE_LEAST; i++) {
            const float off = fabsf(golden.f32[i * ANCHORS + a] - output[i * ANCHORS + a]);
            box = i < 4 ? fmaxf(box, off) : box;
            score = i < 4 ? score : fmaxf(score, off);
        }
    print_message("    %d detections, %d by octet; anchors of 0.3 and above: boxes within %g px, "
                  "scores within %g\n",
                  wanted_count, found_count, (double)box, (double)score);
    assert_true(wanted_count >= 9);
    expect_among(wanted, wanted_count, found, found_count);
    expect_among(found, found_count, wanted, wanted_count);
    free(output);
    free(again);
    npy_free(&pixels);
    npy_free(&golden);
    octet_engine_free(&engine);
    assert_int_equal(test.live, 0);
}

int main(void)
{
    if (!test_data_present())
        return TEST_SKIPPED;
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_detections_match)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
