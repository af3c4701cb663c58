/* SPDX-License-Identifier: Apache-2.0 */
/* The CUDA backend where something fails: every call of the driver, every allocation. Nothing is
 * left behind, a line says what it was, and a session goes on where it can. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "folder.h"
#include "gpu/support/stand_in_driver.h"
#include "random_frame.h"
#include "run_session.h"
#include "runtime/backend/cuda/cuda_backend.h"
#include "small_detector.h"

enum { OUT_OF_MEMORY = 2, LAUNCH_FAILED = 719, SLOTS = 2, HEIGHT = 32, WIDTH = 32 };

static struct test_context test;
static const struct stand_in_driver *driver;
static octet_engine *engine;
static octet_image *image;
static uint8_t *pixels;
static struct test_frame frame;        /* whose rows are copied one by one */
static const struct stand_in_gpu *gpu; /* memory of its own, or the machine's */
static char folder[TEST_FOLDER_BYTES];
static const char *cache; /* the folder, or NULL: tiles are tried out each time */

static int set_up(void **state)
{
    const int failed = test_context_set_up(state);
    driver = stand_in_open();
    engine = test_engine(&test.context, TEST_DETECTOR_TINY, OCTET_PRECISION_INT8);
    image = test_picture(&test.context, 50, 40, 1);
    pixels = test_picture_pixels(&test.context, HEIGHT, WIDTH, 2);
    frame = test_frame_make(OCTET_PIXEL_NV12, 90, 70, TEST_FRAME_WIDE, 3);
    test_folder_create(folder);
    cache = NULL;
    gpu = &stand_in_orin;
    return failed;
}

static int tear_down(void **state)
{
    octet_engine_free(&engine);
    octet_image_free(&image);
    free(pixels);
    test_frame_free(&frame);
    test_folder_remove(folder);
    stand_in_close();
    return test_context_tear_down(state);
}

/* A driver of which nothing fails, with the GPU of the test. */
static void start(void)
{
    driver->reset();
    driver->set_gpus(1, gpu);
}

static octet_status open_session(int profile, octet_session **session)
{
    const octet_session_settings settings = {.height = HEIGHT,
                                             .width = WIDTH,
                                             .batch = SLOTS,
                                             .threads = 1,
                                             .cache = cache,
                                             .profile = profile};
    return oct_session_open(&test.context, &oct_cuda_backend, 0, engine, &settings, session);
}

/* ---- each call fails ---- */

static int look_on(void *user, int slot, int layer, const octet_tensor_view *view)
{
    (void)slot;
    (void)layer;
    *(int *)user += view->data != NULL;
    return 0;
}

enum {
    SET_FRAME,
    SET_GIVEN_FRAME,
    SET_IMAGE,
    SET_PIXELS,
    SET_AGAIN,
    RUN,
    DETECT,
    DETECT_OTHERS,
    OUTPUT,
    RUN_WATCHED,
    RUN_AGAIN,
    OUTPUT_AGAIN,
    STEPS
};

static octet_status run_watched(octet_session *session)
{
    int layers = 0;
    octet_session_observe(session, look_on, &layers);
    const octet_status status = octet_session_run(session);
    octet_session_observe(session, NULL, NULL);
    return status;
}

static octet_status detect(octet_session *session, double confidence)
{
    octet_detect_settings settings;
    octet_detection boxes[100];
    int count;
    octet_detect_defaults(&settings);
    settings.confidence = confidence;
    return octet_session_detect(session, 1, &settings, boxes, 100, &count);
}

/* A frame in memory of the session's, which is given back where its end does not fail. */
static octet_status set_given_frame(octet_session *session)
{
    octet_frame given;
    octet_status status = octet_session_allocate_frame(session, OCTET_PIXEL_I420, 300, 200, &given);
    if (status)
        return status;
    test_frame_fill(&given, 4);
    status = octet_session_set_frame(session, 1, &given);
    octet_session_free_frame(session, &given);
    return status;
}

/* What sessions do, one after another. */
static octet_status do_step(octet_session *session, int step, float *output)
{
    switch (step) {
    case SET_FRAME:
        return octet_session_set_frame(session, 0, &frame.frame);
    case SET_GIVEN_FRAME:
        return set_given_frame(session);
    case SET_IMAGE:
        return octet_session_set_image(session, 0, image);
    case SET_PIXELS:
    case SET_AGAIN:
        return octet_session_set_pixels(session, 1, pixels);
    case RUN:
    case RUN_AGAIN:
        return octet_session_run(session);
    case RUN_WATCHED:
        return run_watched(session);
    case DETECT:
        return detect(session, 0.25);
    case DETECT_OTHERS:
        return detect(session, 0.05);
    default:
        return octet_session_output(session, 0, output);
    }
}

/* Between calls nothing of the session's is current on the thread, and it holds what it held. */
static void expect_outside(void)
{
    struct stand_in_counts counts;
    driver->get_counts(&counts);
    assert_int_equal(counts.depth, 0);
}

static void expect_line(const char *message)
{
    assert_true(message[0] != '\0');
    assert_null(strchr(message, '\n'));
}

/* A step that fails is done again; returns whether one did. */
static bool do_steps(octet_session *session, float *output, octet_status wanted)
{
    bool failed = false;
    for (int step = 0; step < STEPS; step++) {
        octet_status status = do_step(session, step, output);
        expect_outside();
        if (!status)
            continue;
        assert_false(failed);
        assert_int_equal(status, wanted);
        expect_line(octet_session_message(session));
        failed = true;
        status = do_step(session, step, output);
        if (status)
            fail_msg("step %d after %s failed: %s", step, driver->failed_call(),
                     octet_session_message(session));
    }
    return failed;
}

static size_t output_floats(void)
{
    octet_session *session;
    size_t count;
    assert_int_equal(open_session(0, &session), OCTET_OK);
    count = (size_t)octet_session_anchor_count(session) *
            (4 + (size_t)engine->network.head.class_count);
    octet_session_close(&session);
    return count;
}

static void expect_nothing_left(int live, bool device_too)
{
    struct stand_in_counts counts;
    driver->get_counts(&counts);
    if (test.live != live)
        fail_msg("after %s failed, %d blocks are left", driver->failed_call(), test.live - live);
    assert_int_equal(counts.retained, 0);
    assert_int_equal(counts.depth, 0);
    if (device_too && counts.leaked)
        fail_msg("after %s failed, %d objects are left", driver->failed_call(), counts.leaked);
    assert_string_equal(driver->complaint(), "");
}

/* Lets call `call` of a session's whole life fail; false: it has no such call. */
static bool check_call(int call, int result, octet_status wanted, int profile, float *output,
                       const float *expected, size_t floats)
{
    octet_session *session;
    const int live = test.live;
    start();
    driver->fail_call(call, result, false);
    const octet_status status = open_session(profile, &session);
    expect_outside();
    if (status) {
        assert_null(session);
        assert_true(status == wanted || status == OCTET_UNSUPPORTED_DEVICE);
        expect_line(test.context.message);
    } else {
        do_steps(session, output, wanted);
        assert_memory_equal(output, expected, floats * sizeof *output);
        octet_session_close(&session);
    }
    /* What is on a GPU to which nobody can turn stays there, until its context ends. */
    expect_nothing_left(live, strcmp(driver->failed_call(), "cuCtxPushCurrent_v2") != 0);
    return driver->failed_call()[0] != '\0';
}

/* Of all calls, every one, or every `stride`th. */
static void each_call(int result, octet_status wanted, int profile, int stride)
{
    const size_t floats = output_floats();
    float *expected = calloc(floats, sizeof *expected), *output = calloc(floats, sizeof *output);
    octet_session *session;
    int calls = 0;
    assert_non_null(expected);
    assert_non_null(output);
    start();
    assert_int_equal(open_session(0, &session), OCTET_OK);
    assert_false(do_steps(session, expected, OCTET_OK));
    octet_session_close(&session);
    while (check_call(calls, result, wanted, profile, output, expected, floats))
        calls += stride;
    assert_true(calls > 100);
    free(expected);
    free(output);
}

static void each_call_without_memory(void **state)
{
    (void)state;
    cache = folder;
    each_call(OUT_OF_MEMORY, OCTET_OUT_OF_MEMORY, 0, 1);
}

static void each_call_on_a_card(void **state)
{
    (void)state;
    cache = folder;
    gpu = &stand_in_hopper;
    each_call(OUT_OF_MEMORY, OCTET_OUT_OF_MEMORY, 0, 1);
}

static void each_call_fails(void **state)
{
    (void)state;
    cache = folder;
    gpu = &stand_in_hopper; /* on which kernels overlap */
    each_call(LAUNCH_FAILED, OCTET_DEVICE_FAILED, 1, 3);
}

/* While tiles are tried out: there are very many calls, much alike. */
static void trials_fail(void **state)
{
    (void)state;
    each_call(LAUNCH_FAILED, OCTET_DEVICE_FAILED, 0, 23);
}

/* A GPU that fails once does so for good: no crash, nothing left on the host. */
static void each_call_for_good(void **state)
{
    (void)state;
    const int live = test.live;
    cache = folder;
    float *output = calloc(output_floats(), sizeof *output);
    octet_session *session;
    int calls = 0;
    do {
        start();
        driver->fail_call(calls, LAUNCH_FAILED, true);
        calls += 2;
        if (!open_session(0, &session)) {
            for (int step = 0; step < STEPS; step++)
                if (do_step(session, step, output))
                    expect_line(octet_session_message(session));
            octet_session_close(&session);
        }
        expect_nothing_left(live, false);
    } while (driver->failed_call()[0]);
    assert_true(calls > 100);
    free(output);
}

/* ---- each allocation fails ---- */

static void each_allocation(void **state)
{
    (void)state;
    const int live = test.live;
    octet_session *session;
    int failed = 0;
    for (;; failed++) {
        test.fail_at = test.calls + failed;
        const octet_status status = open_session(1, &session);
        test.fail_at = -1;
        if (!status)
            break;
        assert_int_equal(status, OCTET_OUT_OF_MEMORY);
        expect_nothing_left(live, true);
    }
    octet_session_close(&session);
    expect_nothing_left(live, true);
    assert_true(failed > 10);
}

/* Setting, running and reading take no memory of the host's (backend.h). */
static void nothing_allocated(void **state)
{
    (void)state;
    float *output = calloc(output_floats(), sizeof *output);
    octet_session *session;
    assert_int_equal(open_session(0, &session), OCTET_OK);
    const int calls = test.calls;
    for (int step = 0; step < STEPS; step++)
        if (step != SET_GIVEN_FRAME)
            assert_int_equal(do_step(session, step, output), OCTET_OK);
    assert_int_equal(test.calls, calls);
    octet_session_close(&session);
    free(output);
}

#define TEST(function) cmocka_unit_test_prestate_setup_teardown(function, set_up, tear_down, &test)

int main(void)
{
    const struct CMUnitTest tests[] = {

        TEST(each_call_without_memory), TEST(each_call_on_a_card),
        TEST(each_call_fails),          TEST(trials_fail),
        TEST(each_call_for_good),       TEST(each_allocation),
        TEST(nothing_allocated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
