/* SPDX-License-Identifier: Apache-2.0 */
/* Drivers and GPUs that the CUDA backend takes, and those that it refuses, with what it says. */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "gpu/support/stand_in_driver.h"
#include "runtime/backend/cuda/cuda_backend.h"
#include "runtime/backend/cuda/gpu_device.h"
#include "runtime/session/open_session.h"
#include "small_detector.h"

static struct test_context test;
static const struct stand_in_driver *driver;
static octet_engine *engine;

static int set_up(void **state)
{
    const int failed = test_context_set_up(state);
    driver = stand_in_open();
    engine = test_engine(&test.context, TEST_DETECTOR_TINY, OCTET_PRECISION_INT8);
    return failed;
}

static int tear_down(void **state)
{
    octet_engine_free(&engine);
    stand_in_close();
    return test_context_tear_down(state);
}

static octet_status open_on(int device, octet_session **session)
{
    const octet_session_settings settings = {.height = 32, .width = 32, .batch = 2, .threads = 1};
    return oct_session_open(&test.context, &oct_cuda_backend, device, engine, &settings, session);
}

static void expect_refused(int device, const char *message)
{
    octet_session *session;
    assert_int_equal(open_on(device, &session), OCTET_UNSUPPORTED_DEVICE);
    assert_null(session);
    if (!strstr(test.context.message, message))
        fail_msg("\"%s\", not \"%s\"", test.context.message, message);
}

static void expect_works(int device)
{
    octet_session *session;
    if (open_on(device, &session))
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
    assert_int_equal(open_on(0, &session), OCTET_OUT_OF_MEMORY);
    assert_string_equal(test.context.message, "out of memory on the GPU: memory for activations");
}

/* Kernels overlap where the GPU and what they were compiled for can. */
static void overlaps(void **state)
{
    (void)state;
    const struct stand_in_gpu *gpus[] = {&stand_in_orin, &stand_in_hopper};
    for (int i = 0; i < 2; i++) {
        struct stand_in_counts counts;
        octet_session *session;
        driver->set_gpus(1, gpus[i]);
        assert_int_equal(open_on(0, &session), OCTET_OK);
        driver->get_counts(&counts);
        assert_int_equal(counts.overlaps > 0, i);
        octet_session_close(&session);
    }
}

/* Threads are checked as the CPU's backend does it. */
static void threads(void **state)
{
    (void)state;
    octet_session_settings settings = {.height = 32, .width = 32, .batch = 1, .threads = 1025};
    octet_session *session;
    assert_int_equal(
        oct_session_open(&test.context, &oct_cuda_backend, 0, engine, &settings, &session),
        OCTET_INVALID_ARGUMENT);
    settings.threads = -1;
    assert_int_equal(
        oct_session_open(&test.context, &oct_cuda_backend, 0, engine, &settings, &session),
        OCTET_INVALID_ARGUMENT);
}

#define TEST(function) cmocka_unit_test_prestate_setup_teardown(function, set_up, tear_down, &test)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(no_driver), TEST(old_driver),   TEST(gpus),
                                       TEST(facts),     TEST(small_memory), TEST(overlaps),
                                       TEST(threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
