/* SPDX-License-Identifier: Apache-2.0 */
/* The CUDA backend where something fails: drivers and GPUs that are refused, every call of the
 * driver, every allocation. Nothing is left behind, a line says what it was, and a session goes on
 * where it can. */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "gpu/support/stand_in_driver.h"
#include "run_session.h"
#include "runtime/backend/cuda/cuda_backend.h"
#include "runtime/backend/cuda/gpu_device.h"
#include "small_detector.h"

enum { OUT_OF_MEMORY = 2, LAUNCH_FAILED = 719, SLOTS = 2, HEIGHT = 32, WIDTH = 32 };

static struct test_context test;
static const struct stand_in_driver *driver;
static octet_engine *engine;
static octet_image *image;
static uint8_t *pixels;

static int set_up(void **state)
{
    const int failed = test_context_set_up(state);
    driver = stand_in_open();
    engine = test_engine(&test.context, TEST_DETECTOR_TINY, OCTET_PRECISION_INT8);
    image = test_picture(&test.context, 50, 40, 1);
    pixels = test_picture_pixels(&test.context, HEIGHT, WIDTH, 2);
    return failed;
}

static int tear_down(void **state)
{
    octet_engine_free(&engine);
    octet_image_free(&image);
    free(pixels);
    stand_in_close();
    return test_context_tear_down(state);
}

static octet_status open_on(int device, int profile, octet_session **session)
{
    const octet_session_settings settings = {
        .height = HEIGHT, .width = WIDTH, .batch = SLOTS, .threads = 1, .profile = profile};
    return oct_session_open(&test.context, &oct_cuda_backend, device, engine, &settings, session);
}

/* ---- what is refused ---- */

static void expect_refused(int device, const char *message)
{
    octet_session *session;
    assert_int_equal(open_on(device, 0, &session), OCTET_UNSUPPORTED_DEVICE);
    assert_null(session);
    if (!strstr(test.context.message, message))
        fail_msg("\"%s\", not \"%s\"", test.context.message, message);
}

static void expect_works(int device)
{
    octet_session *session;
    if (open_on(device, 0, &session))
        fail_msg("%s", test.context.message);
    octet_session_close(&session);
}

static void no_driver(void **state)
{
    (void)state;
    stand_in_close();
    void *real = dlopen("libcuda.so.1", RTLD_NOW);
    if (real) {
        dlclose(real);
        print_message("    this machine has a driver\n");
        skip();
    }
    expect_refused(0, "there is no NVIDIA driver: libcuda.so.1 was not found");
}

static void old_driver(void **state)
{
    (void)state;
    stand_in_open_old();
    expect_refused(0, "the NVIDIA driver is too old: libcuda.so.1 has no cuDriverGetVersion");
    driver = stand_in_open();
    driver->set_version(11030);
    expect_refused(0, "the NVIDIA driver is too old: it is for CUDA 11.3");
    driver->set_version(11040);
    expect_works(0);
}

static void gpus(void **state)
{
    (void)state;
    const struct stand_in_gpu two[] = {stand_in_turing, stand_in_small};
    driver->set_gpus(0, NULL);
    expect_refused(0, "there is no NVIDIA GPU");
    driver->set_gpus(1, two);
    expect_refused(0, "TU102 has compute capability 7.5: octet needs 8.0 or more");
    expect_refused(1, "GPU 1 is not here: there is one, number 0");
    driver->set_gpus(2, two);
    expect_works(1);
    expect_refused(0, "compute capability 7.5");
    expect_refused(2, "GPU 2 is not here: there are 2, numbered from 0");
    assert_string_equal(driver->complaint(), "");
}

/* What could be found out of a GPU is told even where it is refused. */
static void facts(void **state)
{
    (void)state;
    struct oct_gpu_device device;
    driver->set_gpus(1, &stand_in_turing);
    assert_int_equal(oct_gpu_device_open(&test.context, 0, &device), OCTET_UNSUPPORTED_DEVICE);
    assert_string_equal(device.facts.name, "TU102");
    assert_int_equal(device.facts.major, 7);
    assert_null(device.context);
    driver->set_gpus(1, &stand_in_hopper);
    assert_int_equal(oct_gpu_device_open(&test.context, 0, &device), OCTET_OK);
    assert_string_equal(device.facts.name, "H100");
    assert_int_equal(device.facts.major, 9);
    assert_int_equal(device.facts.minor, 0);
    assert_int_equal(device.facts.multiprocessors, 132);
    assert_int_equal(device.facts.driver_version, 12020);
    assert_int_equal(device.facts.memory_bytes, stand_in_hopper.memory_bytes);
    assert_int_equal(device.limits.shared_bytes_a_block, 232448);
    oct_gpu_device_close(&device);
}

static void small_memory(void **state)
{
    (void)state;
    struct stand_in_gpu gpu = stand_in_orin;
    octet_session *session;
    gpu.memory_bytes = 10000;
    driver->set_gpus(1, &gpu);
    assert_int_equal(open_on(0, 0, &session), OCTET_OUT_OF_MEMORY);
    assert_string_equal(test.context.message, "out of memory on the GPU: memory for activations");
}

/* ---- each call fails ---- */

static int look_on(void *user, int slot, int layer, const octet_tensor_view *view)
{
    (void)slot;
    (void)layer;
    *(int *)user += view->data != NULL;
    return 0;
}

enum { SET_IMAGE, SET_PIXELS, SET_AGAIN, RUN, OUTPUT, RUN_WATCHED, RUN_AGAIN, OUTPUT_AGAIN, STEPS };

static octet_status run_watched(octet_session *session)
{
    int layers = 0;
    octet_session_observe(session, look_on, &layers);
    const octet_status status = octet_session_run(session);
    octet_session_observe(session, NULL, NULL);
    return status;
}

/* What sessions do, one after another. */
static octet_status do_step(octet_session *session, int step, float *output)
{
    switch (step) {
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
    assert_int_equal(open_on(0, 0, &session), OCTET_OK);
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
    driver->reset();
    driver->fail_call(call, result, false);
    const octet_status status = open_on(0, profile, &session);
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

static void each_call(int result, octet_status wanted, int profile)
{
    const size_t floats = output_floats();
    float *expected = calloc(floats, sizeof *expected), *output = calloc(floats, sizeof *output);
    octet_session *session;
    int calls = 0;
    assert_non_null(expected);
    assert_non_null(output);
    assert_int_equal(open_on(0, 0, &session), OCTET_OK);
    assert_false(do_steps(session, expected, OCTET_OK));
    octet_session_close(&session);
    while (check_call(calls, result, wanted, profile, output, expected, floats))
        calls++;
    print_message("    %d calls, each of which failed once\n", calls);
    assert_true(calls > 100);
    free(expected);
    free(output);
}

static void each_call_without_memory(void **state)
{
    (void)state;
    each_call(OUT_OF_MEMORY, OCTET_OUT_OF_MEMORY, 0);
}

static void each_call_fails(void **state)
{
    (void)state;
    each_call(LAUNCH_FAILED, OCTET_DEVICE_FAILED, 1);
}

/* A GPU that fails once does so for good: no crash, nothing left on the host. */
static void each_call_for_good(void **state)
{
    (void)state;
    const int live = test.live;
    float *output = calloc(output_floats(), sizeof *output);
    octet_session *session;
    int calls = 0;
    do {
        driver->reset();
        driver->fail_call(calls++, LAUNCH_FAILED, true);
        if (!open_on(0, 0, &session)) {
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
        const octet_status status = open_on(0, 1, &session);
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
    assert_int_equal(open_on(0, 0, &session), OCTET_OK);
    const int calls = test.calls;
    do_steps(session, output, OCTET_OK);
    assert_int_equal(test.calls, calls);
    octet_session_close(&session);
    free(output);
}

#define TEST(function) cmocka_unit_test_prestate_setup_teardown(function, set_up, tear_down, &test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_driver),
        TEST(old_driver),
        TEST(gpus),
        TEST(facts),
        TEST(small_memory),
        TEST(each_call_without_memory),
        TEST(each_call_fails),
        TEST(each_call_for_good),
        TEST(each_allocation),
        TEST(nothing_allocated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
