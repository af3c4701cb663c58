/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions on every backend there is: inputs, outputs, detections, observers, refusals. */
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
#include "reference.h"
#include "reference_backend.h"
#include "run_session.h"
#include "runtime/backend/cpu/cpu_backend.h"
#include "runtime/backend/cpu/kernels/kernels.h"
#include "runtime/image/letterbox.h"
#include "small_detector.h"

static struct test_context test;
static const struct oct_backend *backend; /* of the tests that are running */

static void output(void **state)
{
    (void)state;
    for (int precision = 0; precision < 2; precision++) {
        octet_engine *engine =
            test_engine(&test.context, TEST_DETECTOR_SMALL, (octet_precision)precision);
        const octet_session_settings settings = {.height = 64, .width = 96, .batch = 1};
        octet_session *session = test_session_open(&test.context, backend, engine, &settings);
        uint8_t *pixels = test_picture_pixels(&test.context, 64, 96, 3);
        struct test_run expected;
        test_run_create(&expected, &engine->network, 64, 96, pixels);
        int anchors;
        double *values = test_run_output(&expected, &anchors);
        assert_int_equal(anchors, 8 * 12 + 4 * 6 + 2 * 3);
        assert_int_equal(octet_session_anchor_count(session), anchors);
        octet_session_set_pixels(session, 0, pixels);
        test_session_run(session);
        size_t count;
        float *found = test_session_output(session, engine, 0, &count);
        assert_int_equal(count, 9 * anchors);
        for (size_t i = 0; i < count; i++) {
            const double tolerance = i < 4 * (size_t)anchors ? 2e-2 : 1e-4; /* pixels; scores */
            if (!(fabs((double)found[i] - values[i]) <= tolerance))
                fail_msg("row %zu, anchor %zu: %g, not %g", i / (size_t)anchors,
                         i % (size_t)anchors, (double)found[i], values[i]);
        }
        free(found);
        free(values);
        free(pixels);
        test_run_free(&expected);
        octet_session_close(&session);
        octet_engine_free(&engine);
    }
}

/* set_pixels, set_tensor and set_image of a picture of the input's size are the same. */
static void inputs(void **state)
{
    (void)state;
    static const octet_precision precisions[] = {OCTET_PRECISION_FP32, OCTET_PRECISION_INT8,
                                                 OCTET_PRECISION_BF16};
    for (int p = 0; p < 3; p++) {
        octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_SMALL, precisions[p]);
        const octet_session_settings settings = {.height = 32, .width = 64, .batch = 3};
        octet_session *session = test_session_open(&test.context, backend, engine, &settings);
        octet_image *image = test_picture(&test.context, 64, 32, 9);
        const uint8_t *pixels = octet_image_pixels(image);
        static float planes[3 * 32 * 64];
        for (int i = 0; i < 32 * 64; i++)
            for (int c = 0; c < 3; c++)
                planes[c * 32 * 64 + i] = (float)pixels[3 * i + c] * (1.0f / 255.0f);
        assert_int_equal(octet_session_set_image(session, 0, image), OCTET_OK);
        assert_int_equal(octet_session_set_pixels(session, 1, pixels), OCTET_OK);
        assert_int_equal(octet_session_set_tensor(session, 2, planes), OCTET_OK);
        test_session_run(session);
        size_t count;
        float *first = test_session_output(session, engine, 0, &count);
        for (int i = 1; i < 3; i++) {
            float *other = test_session_output(session, engine, i, &count);
            assert_memory_equal(first, other, count * sizeof *other);
            free(other);
        }
        free(first);
        octet_image_free(&image);
        octet_session_close(&session);
        octet_engine_free(&engine);
    }
}

/* The letterbox of the bound as pixels, and what the session makes of the picture itself. */
static void check_bound(octet_session *session, const octet_engine *engine,
                        const octet_image *image, const octet_letterbox *where, bool same)
{
    static uint8_t memory[1 << 16], pixels[3 * 96 * 64];
    const struct oct_pixels target = {pixels, 3 * (size_t)where->target_width, 3};
    const struct oct_letterbox_scratch scratch = {memory, sizeof memory};
    struct oct_kernels kernels;
    size_t count;
    oct_kernels_fill(&kernels, oct_cpu_sets());
    assert_int_equal(
        oct_letterbox_into(&test.context, &kernels.resize, image, where, &target, &scratch),
        OCTET_OK);
    assert_int_equal(octet_session_set_pixels(session, 0, pixels), OCTET_OK);
    assert_int_equal(octet_session_set_image(session, 1, image), OCTET_OK);
    test_session_run(session);
    float *first = test_session_output(session, engine, 0, &count);
    float *second = test_session_output(session, engine, 1, &count);
    assert_int_equal(memcmp(first, second, count * sizeof *first) == 0, same);
    free(first);
    free(second);
}

/* A side of 64.4 pixels in a bound of 96 becomes 64, and the other 96: the session's own size alone
 * would make it 95. A bound of which the session has no room does not count. */
static void bound(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_SMALL, OCTET_PRECISION_INT8);
    octet_session_settings settings = {
        .height = 64, .width = 96, .batch = 2, .bound_height = 96, .bound_width = 96};
    octet_image *image = test_picture(&test.context, 240, 161, 9);
    octet_letterbox rect, plain;
    assert_int_equal(octet_letterbox_rect(240, 161, 96, 96, 32, &rect), OCTET_OK);
    assert_int_equal(octet_letterbox_geometry(240, 161, 96, 64, &plain), OCTET_OK);
    assert_int_equal(rect.target_height, 64);
    assert_int_equal(rect.target_width, 96);
    assert_int_equal(rect.resized_width, 96);
    assert_int_equal(plain.resized_width, 95);
    octet_session *session = test_session_open(&test.context, backend, engine, &settings);
    check_bound(session, engine, image, &rect, true);
    check_bound(session, engine, image, &plain, false);
    octet_session_close(&session);
    settings.bound_height = settings.bound_width = 128;
    session = test_session_open(&test.context, backend, engine, &settings);
    check_bound(session, engine, image, &plain, true);
    octet_session_close(&session);
    octet_image_free(&image);
    octet_engine_free(&engine);
}

/* A slot that is cleared has no results, and is not run; the others are. */
static void cleared(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_TINY, OCTET_PRECISION_INT8);
    const octet_session_settings settings = {.batch = 3};
    octet_session *session = test_session_open(&test.context, backend, engine, &settings);
    octet_image *image = test_picture(&test.context, 40, 30, 2);
    octet_detection box;
    int count;
    for (int i = 0; i < 3; i++)
        assert_int_equal(octet_session_set_image(session, i, image), OCTET_OK);
    test_session_run(session);
    assert_int_equal(octet_session_clear(session, 1), OCTET_OK);
    assert_int_equal(octet_session_detect(session, 1, NULL, &box, 1, &count), OCTET_INVALID_STATE);
    assert_int_equal(octet_session_detect(session, 2, NULL, &box, 1, &count), OCTET_OK);
    test_session_run(session);
    assert_int_equal(octet_session_detect(session, 1, NULL, &box, 1, &count), OCTET_INVALID_STATE);
    assert_int_equal(octet_session_clear(session, 0), OCTET_OK);
    assert_int_equal(octet_session_clear(session, 2), OCTET_OK);
    assert_int_equal(octet_session_run(session), OCTET_INVALID_STATE);
    assert_int_equal(octet_session_set_image(session, 1, image), OCTET_OK);
    test_session_run(session);
    assert_int_equal(octet_session_detect(session, 1, NULL, &box, 1, &count), OCTET_OK);
    assert_int_equal(octet_session_clear(session, 3), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_session_clear(session, -1), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_session_clear(NULL, 0), OCTET_INVALID_ARGUMENT);
    octet_image_free(&image);
    octet_session_close(&session);
    octet_engine_free(&engine);
}

/* Sizes that are no input's are refused with those near them. */
static void near_sizes(void **state)
{
    (void)state;
    static const struct {
        int height, width;
        const char *near;
    } cases[] = {
        {100, 64, "; near it: 96x64 and 128x64"},
        {1, 33, "; near it: 32x32 and 32x64"},
        {9000, 8192, "; near it: 8192x8192"},
        {-5, 8191, "; near it: 32x8160 and 32x8192"},
    };
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_SMALL, OCTET_PRECISION_INT8);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const octet_session_settings settings = {
            .height = cases[i].height, .width = cases[i].width, .batch = 1};
        octet_session *session;
        assert_int_equal(oct_session_open(&test.context, backend, 0, engine, &settings, &session),
                         OCTET_INVALID_ARGUMENT);
        const char *said = strstr(test.context.message, "; near");
        assert_non_null(said);
        assert_string_equal(said, cases[i].near);
    }
    octet_engine_free(&engine);
}

/* Values out of range and no numbers: bytes take rint(255 x), clamped. */
static void wild_tensor(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_TINY, OCTET_PRECISION_INT8);
    octet_session *session = test_session_open(&test.context, backend, engine, NULL);
    static float planes[3 * 32 * 32];
    static uint8_t pixels[3 * 32 * 32];
    static const float values[] = {NAN,  -INFINITY, INFINITY, -1e30f, 2.0f,  -0.0f,
                                   1.0f, 0.5f,      0.0f,     0.1f,   1e-40f};
    static const uint8_t codes[] = {0, 0, 255, 0, 255, 0, 255, 128, 0, 26, 0};
    for (int i = 0; i < 32 * 32; i++) {
        for (int c = 0; c < 3; c++) {
            planes[c * 32 * 32 + i] = values[(i + c) % 11];
            pixels[3 * i + c] = codes[(i + c) % 11];
        }
    }
    size_t count;
    octet_session_set_tensor(session, 0, planes);
    test_session_run(session);
    float *first = test_session_output(session, engine, 0, &count);
    octet_session_set_pixels(session, 0, pixels);
    test_session_run(session);
    float *second = test_session_output(session, engine, 0, &count);
    assert_memory_equal(first, second, count * sizeof *first);
    free(first);
    free(second);
    octet_session_close(&session);
    octet_engine_free(&engine);
}

static void detections(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_SMALL, OCTET_PRECISION_INT8);
    octet_session *session = test_session_open(&test.context, backend, engine, NULL);
    octet_image *image = test_picture(&test.context, 200, 100, 4);
    octet_detection boxes[300], first[10];
    octet_detect_settings settings;
    octet_detect_defaults(&settings);
    settings.confidence = 0.1;
    int count;
    assert_int_equal(octet_session_set_image(session, 0, image), OCTET_OK);
    test_session_run(session);
    assert_int_equal(octet_session_detect(session, 0, &settings, boxes, 300, &count), OCTET_OK);
    assert_true(count > 10);
    for (int i = 0; i < count; i++) { /* best first, clipped to the picture */
        assert_true(i == 0 || boxes[i].score <= boxes[i - 1].score);
        assert_true(boxes[i].score > 0.1f);
        assert_in_range(boxes[i].class_id, 0, 4);
        assert_true(boxes[i].x1 >= 0.0f && boxes[i].x1 <= boxes[i].x2 && boxes[i].x2 <= 200.0f);
        assert_true(boxes[i].y1 >= 0.0f && boxes[i].y1 <= boxes[i].y2 && boxes[i].y2 <= 100.0f);
    }
    int fewer;
    assert_int_equal(octet_session_detect(session, 0, &settings, first, 10, &fewer), OCTET_OK);
    assert_int_equal(fewer, 10);
    assert_memory_equal(first, boxes, sizeof first);
    settings.max_detections = 3;
    assert_int_equal(octet_session_detect(session, 0, &settings, first, 10, &fewer), OCTET_OK);
    assert_int_equal(fewer, 3);
    assert_int_equal(octet_session_detect(session, 0, &settings, first, 0, &fewer), OCTET_OK);
    assert_int_equal(fewer, 0);
    octet_image_free(&image);
    octet_session_close(&session);
    octet_engine_free(&engine);
}

static void allocations(void **state)
{
    (void)state;
    for (int precision = 0; precision < 2; precision++) {
        octet_engine *engine =
            test_engine(&test.context, TEST_DETECTOR_SMALL, (octet_precision)precision);
        const octet_session_settings settings = {.batch = 2, .threads = 2};
        octet_session *session = test_session_open(&test.context, backend, engine, &settings);
        octet_image *image = test_picture(&test.context, 300, 77, 1);
        static octet_detection boxes[300];
        size_t count;
        octet_session_set_image(session, 0, image);
        test_session_run(session);
        float *room = test_session_output(session, engine, 0, &count);
        int found;
        const int calls = test.calls;
        for (int i = 0; i < 3; i++) {
            octet_session_set_image(session, i % 2, image);
            test_session_run(session);
            octet_session_detect(session, i % 2, NULL, boxes, 300, &found);
            octet_session_output(session, i % 2, room);
        }
        assert_int_equal(test.calls, calls);
        free(room);
        octet_image_free(&image);
        octet_session_close(&session);
        octet_engine_free(&engine);
    }
}

static int stop_at(void *user, int index, int layer, const octet_tensor_view *view)
{
    (void)index;
    (void)view;
    return layer == *(const int *)user;
}

static void observers(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_TINY, OCTET_PRECISION_INT8);
    const octet_session_settings settings = {.batch = 1, .threads = 1, .profile = 1};
    octet_session *session = test_session_open(&test.context, backend, engine, &settings);
    octet_image *image = test_picture(&test.context, 32, 32, 1);
    int layer = 2;
    octet_session_set_image(session, 0, image);
    octet_session_observe(session, stop_at, &layer);
    assert_int_equal(octet_session_run(session), OCTET_CANCELLED);
    assert_true(octet_session_layer_ms(session, 2) > 0.0);
    assert_true(octet_session_layer_ms(session, 3) == 0.0);
    octet_session_observe(session, NULL, NULL);
    assert_int_equal(octet_session_run(session), OCTET_OK);
    assert_true(octet_session_layer_ms(session, 3) > 0.0);
    assert_true(octet_session_layer_ms(session, -1) == -1.0);
    assert_true(octet_session_layer_ms(session, engine->network.layer_count) == -1.0);
    octet_session_close(&session);
    session = test_session_open(&test.context, backend, engine, NULL);
    octet_session_set_image(session, 0, image);
    test_session_run(session);
    octet_image_free(&image);
    assert_true(octet_session_layer_ms(session, 0) == -1.0);
    octet_session_close(&session);
    octet_engine_free(&engine);
}

static void about(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_SMALL, OCTET_PRECISION_INT8);
    const bool cpu = backend == &oct_cpu_backend;
    const octet_session_settings settings = {
        .width = 96, .batch = 1, .threads = 2, .cpu = cpu ? "ref" : NULL};
    octet_session *session = test_session_open(&test.context, backend, engine, &settings);
    assert_int_equal(octet_session_height(session), 64); /* the engine's own */
    assert_int_equal(octet_session_width(session), 96);
    assert_int_equal(octet_session_threads(session), cpu ? 2 : 1);
    assert_string_equal(octet_session_cpu(session), cpu ? "ref" : "plain");
    assert_true(octet_session_memory_bytes(session) > (cpu ? 10000 : 0));
    assert_string_equal(octet_session_message(session), "");
    octet_session_close(&session);
    assert_null(session);
    octet_session_close(&session);
    octet_session_close(NULL);
    octet_engine_free(&engine);
}

static void bad_settings(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_SMALL, OCTET_PRECISION_INT8);
    static const struct {
        octet_session_settings settings;
        octet_status status;
    } cases[] = {
        {{.height = 33, .batch = 1}, OCTET_INVALID_ARGUMENT},
        {{.height = -32, .batch = 1}, OCTET_INVALID_ARGUMENT},
        {{.width = 16, .batch = 1}, OCTET_INVALID_ARGUMENT},
        {{.width = 8224, .batch = 1}, OCTET_INVALID_ARGUMENT},
        {{.batch = 0}, OCTET_INVALID_ARGUMENT},
        {{.batch = 257}, OCTET_INVALID_ARGUMENT},
        {{.batch = 1, .bound_height = 64}, OCTET_INVALID_ARGUMENT},
        {{.batch = 1, .bound_height = -1, .bound_width = 64}, OCTET_INVALID_ARGUMENT},
        {{.batch = 1, .bound_height = 64, .bound_width = 8193}, OCTET_INVALID_ARGUMENT},
        {{.batch = 1, .threads = -1}, OCTET_INVALID_ARGUMENT},
        {{.batch = 1, .threads = 1 << 20}, OCTET_INVALID_ARGUMENT},
        {{.batch = 1, .cpu = "mmx"}, OCTET_UNSUPPORTED_CPU},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        octet_session *session = (octet_session *)&test;
        const octet_status status =
            oct_session_open(&test.context, backend, 0, engine, &cases[i].settings, &session);
        if (status != cases[i].status)
            fail_msg("case %zu: %s", i, octet_status_name(status));
        assert_null(session);
        assert_true(test.context.message[0]);
        test.context.message[0] = '\0';
    }
    octet_engine_free(&engine);
}

static void bad_arguments(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_TINY, OCTET_PRECISION_INT8);
    octet_session *session = test_session_open(&test.context, backend, engine, NULL);
    octet_image *image = test_picture(&test.context, 8, 8, 1);
    octet_detection box;
    float value = 0.0f;
    int count;
    assert_int_equal(octet_session_set_image(session, 1, image), OCTET_INVALID_ARGUMENT);
    assert_non_null(strstr(octet_session_message(session), "slot 1"));
    assert_int_equal(octet_session_set_image(session, 0, NULL), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_session_set_pixels(session, -1, octet_image_pixels(image)),
                     OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_session_set_tensor(session, 0, NULL), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_session_output(session, 2, &value), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_session_run(NULL), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_session_detect(session, 0, NULL, NULL, 1, &count),
                     OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_session_detect(session, 0, NULL, &box, 1, NULL), OCTET_INVALID_ARGUMENT);
    static const int classes[] = {0, 2};
    static const octet_detect_settings bad[] = {
        {.confidence = -0.1, .iou = 0.7, .max_detections = 1},
        {.confidence = 1.1, .iou = 0.7, .max_detections = 1},
        {.confidence = NAN, .iou = 0.7, .max_detections = 1},
        {.confidence = 0.1, .iou = NAN, .max_detections = 1},
        {.confidence = 0.1, .iou = 1.5, .max_detections = 1},
        {.confidence = 0.1, .iou = 0.5, .max_detections = 0},
        {.confidence = 0.1, .iou = 0.5, .max_detections = 30001},
        {.confidence = 0.1, .iou = 0.5, .max_detections = 1, .classes = classes, .class_count = 2},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        count = 7;
        assert_int_equal(octet_session_detect(session, 0, &bad[i], &box, 1, &count),
                         OCTET_INVALID_ARGUMENT);
        assert_int_equal(count, 0);
    }
    octet_image_free(&image);
    octet_session_close(&session);
    octet_engine_free(&engine);
}

#define TEST(function) TEST_WITHIN(function, test)

int main(void)
{
    static const struct oct_backend *const backends[] = {&oct_cpu_backend, &test_reference_backend};
    const struct CMUnitTest tests[] = {
        TEST(output),        TEST(inputs),    TEST(wild_tensor), TEST(detections),
        TEST(allocations),   TEST(observers), TEST(about),       TEST(bad_settings),
        TEST(bad_arguments), TEST(bound),     TEST(cleared),     TEST(near_sizes),
    };
    int failed = 0;
    for (size_t i = 0; i < sizeof backends / sizeof backends[0]; i++) {
        backend = backends[i];
        failed += cmocka_run_group_tests_name(backend->name, tests, NULL, NULL);
    }
    return failed;
}
