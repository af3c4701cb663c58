/* SPDX-License-Identifier: Apache-2.0 */
/* Frames into slots of a session on the CPU, and the memory for them that a session gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "random_frame.h"
#include "run_session.h"
#include "runtime/backend/cpu/cpu_backend.h"
#include "small_detector.h"

static struct test_context test;

struct opened {
    octet_engine *engine;
    octet_session *session;
};

static struct opened open_session(octet_precision precision)
{
    struct opened o = {.engine = test_engine(&test.context, TEST_DETECTOR_TINY, precision)};
    const octet_session_settings settings = {.batch = 2, .threads = 1};
    o.session = test_session_open(&test.context, &oct_cpu_backend, o.engine, &settings);
    return o;
}

static void close_session(struct opened *o)
{
    octet_session_close(&o->session);
    octet_engine_free(&o->engine);
}

/* A session's output for a frame is that for the picture which it is; it reads every precision's
 * input. */
static void as_pictures(void **state)
{
    (void)state;
    static const octet_precision precisions[] = {OCTET_PRECISION_INT8, OCTET_PRECISION_FP32,
                                                 OCTET_PRECISION_BF16};
    for (int i = 0; i < 15; i++) {
        struct opened o = open_session(precisions[i % 3]);
        struct test_frame made = test_frame_make((octet_pixel_format)(i / 3), 77, 51,
                                                 TEST_FRAME_PADDED, (uint64_t)i + 1);
        octet_image *image = test_frame_picture(&test.context, &made.frame);
        const int calls = test.calls;
        assert_int_equal(octet_session_set_frame(o.session, 0, &made.frame), OCTET_OK);
        assert_int_equal(test.calls, calls); /* nothing is allocated */
        assert_int_equal(octet_session_set_image(o.session, 1, image), OCTET_OK);
        test_session_run(o.session);
        size_t count;
        float *is = test_session_output(o.session, o.engine, 0, &count);
        float *wanted = test_session_output(o.session, o.engine, 1, &count);
        assert_memory_equal(is, wanted, count * sizeof *is);
        free(is);
        free(wanted);
        octet_image_free(&image);
        test_frame_free(&made);
        close_session(&o);
    }
}

/* Planes of what a session gives lie one behind the other, rows on multiples of 64; all of it can
 * be written. */
static void given_frames(void **state)
{
    (void)state;
    struct opened o = open_session(OCTET_PRECISION_INT8);
    const int live = test.live;
    static const int planes[] = {1, 1, 2, 3, 1};
    for (int f = 0; f < 5; f++) {
        octet_frame frame;
        memset(&frame, 0xa5, sizeof frame);
        assert_int_equal(
            octet_session_allocate_frame(o.session, (octet_pixel_format)f, 45, 31, &frame),
            OCTET_OK);
        assert_int_equal(frame.format, f);
        assert_int_equal(frame.width, 45);
        assert_int_equal(frame.height, 31);
        assert_int_equal(frame.matrix, OCTET_YUV_BT601);
        assert_int_equal(frame.range, OCTET_YUV_LIMITED);
        for (int i = 0; i < 3; i++) {
            assert_int_equal(frame.planes[i] != NULL, i < planes[f]);
            assert_int_equal(frame.strides[i] % 64, 0);
            assert_int_equal((uintptr_t)frame.planes[i] % 64, 0);
            if (i < planes[f])
                memset(frame.planes[i], 200, frame.strides[i] * (i ? 16 : 31));
        }
        assert_int_equal(octet_session_set_frame(o.session, 0, &frame), OCTET_OK);
        test_session_run(o.session);
        octet_session_free_frame(o.session, &frame);
        const octet_frame none = {0};
        assert_memory_equal(&frame, &none, sizeof frame);
        octet_session_free_frame(o.session, &frame); /* once more */
        assert_int_equal(test.live, live);
    }
    close_session(&o);
}

/* A session that is closed takes what it gave along; a frame of the caller's stays. */
static void forgotten_frames(void **state)
{
    (void)state;
    struct opened o = open_session(OCTET_PRECISION_INT8);
    struct test_frame own = test_frame_make(OCTET_PIXEL_I420, 9, 9, TEST_FRAME_CLOSE, 1);
    const octet_frame before = own.frame;
    octet_frame frames[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(
            octet_session_allocate_frame(o.session, OCTET_PIXEL_NV12, 10 + i, 10, &frames[i]),
            OCTET_OK);
    octet_session_free_frame(o.session, &frames[1]);
    octet_session_free_frame(o.session, &own.frame);
    assert_memory_equal(&own.frame, &before, sizeof before);
    octet_session_free_frame(o.session, NULL);
    octet_session_free_frame(NULL, &own.frame);
    test_frame_free(&own);
    close_session(&o); /* the test's end counts blocks */
}

static void refused(void **state)
{
    (void)state;
    struct opened o = open_session(OCTET_PRECISION_INT8);
    struct test_frame made = test_frame_make(OCTET_PIXEL_NV12, 40, 30, TEST_FRAME_CLOSE, 1);
    const octet_frame zeros = {0};
    octet_frame frame = made.frame;
    octet_detection box;
    int count;
    assert_int_equal(octet_session_set_frame(o.session, 0, &frame), OCTET_OK);
    test_session_run(o.session);
    assert_int_equal(octet_session_set_frame(o.session, 2, &frame), OCTET_INVALID_ARGUMENT);
    assert_string_equal(octet_session_message(o.session), "slot 2: the batch has 2");
    assert_int_equal(octet_session_set_frame(o.session, 0, NULL), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_session_detect(o.session, 0, NULL, &box, 1, &count), OCTET_OK);
    frame.strides[1] = 39;
    assert_int_equal(octet_session_set_frame(o.session, 0, &frame), OCTET_INVALID_ARGUMENT);
    assert_string_equal(octet_session_message(o.session),
                        "frame: plane 1 has its rows 39 bytes apart: must be 40 to 2147483647");
    /* the slot's picture is gone, as the header says */
    assert_int_equal(octet_session_detect(o.session, 0, NULL, &box, 1, &count),
                     OCTET_INVALID_STATE);
    assert_int_equal(octet_session_set_frame(NULL, 0, &frame), OCTET_INVALID_ARGUMENT);
    frame = made.frame;
    assert_int_equal(octet_session_allocate_frame(o.session, (octet_pixel_format)9, 10, 10, &frame),
                     OCTET_INVALID_ARGUMENT);
    assert_memory_equal(&frame, &zeros, sizeof frame);
    assert_int_equal(octet_session_allocate_frame(o.session, OCTET_PIXEL_RGB, 10, 0, &frame),
                     OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_session_allocate_frame(o.session, OCTET_PIXEL_RGB, 10, 10, NULL),
                     OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_session_allocate_frame(NULL, OCTET_PIXEL_RGB, 10, 10, &frame),
                     OCTET_INVALID_ARGUMENT);
    test_frame_free(&made);
    close_session(&o);
}

static void without_memory(void **state)
{
    (void)state;
    struct opened o = open_session(OCTET_PRECISION_INT8);
    const octet_frame zeros = {0};
    octet_frame frame;
    const int live = test.live;
    for (int n = 0; n < 2; n++) {
        test.fail_at = test.calls + n;
        assert_int_equal(octet_session_allocate_frame(o.session, OCTET_PIXEL_NV12, 10, 10, &frame),
                         OCTET_OUT_OF_MEMORY);
        assert_true(octet_session_message(o.session)[0] != '\0');
        assert_memory_equal(&frame, &zeros, sizeof frame);
        assert_int_equal(test.live, live);
    }
    test.fail_at = -1;
    assert_int_equal(octet_session_allocate_frame(o.session, OCTET_PIXEL_NV12, 10, 10, &frame),
                     OCTET_OK);
    close_session(&o);
}

static int set_another(void *user, int index, int layer, const octet_tensor_view *view)
{
    struct opened *o = user;
    struct test_frame made = test_frame_make(OCTET_PIXEL_NV12, 40, 30, TEST_FRAME_CLOSE, 1);
    (void)index;
    (void)layer;
    (void)view;
    assert_int_equal(octet_session_set_frame(o->session, 0, &made.frame), OCTET_INVALID_STATE);
    test_frame_free(&made);
    return 0;
}

static void in_an_observer(void **state)
{
    (void)state;
    struct opened o = open_session(OCTET_PRECISION_INT8);
    struct test_frame made = test_frame_make(OCTET_PIXEL_NV12, 40, 30, TEST_FRAME_CLOSE, 1);
    assert_int_equal(octet_session_set_frame(o.session, 0, &made.frame), OCTET_OK);
    octet_session_observe(o.session, set_another, &o);
    test_session_run(o.session);
    test_frame_free(&made);
    close_session(&o);
}

#define TEST(function) TEST_WITHIN(function, test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(as_pictures), TEST(given_frames),   TEST(forgotten_frames),
        TEST(refused),     TEST(without_memory), TEST(in_an_observer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
