/* SPDX-License-Identifier: Apache-2.0 */
/* The peak of a GPU and what its speed depends on, over stand-ins of the driver and of NVML:
 * figures are what the stand-in's time makes of them, and every call of the driver fails once. */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "gpu/support/stand_in_driver.h"
#include "gpu/support/stand_in_nvml.h"
#include "runtime/backend/cuda/gpu_state.h"

enum { OUT_OF_MEMORY = 2, LAUNCH_FAILED = 719 };

static struct test_context test;
static const struct stand_in_driver *driver;
static void *nvml_library;

static int set_up(void **state)
{
    const int failed = test_context_set_up(state);
    driver = stand_in_open();
    return failed;
}

static int tear_down(void **state)
{
    if (nvml_library)
        dlclose(nvml_library);
    nvml_library = NULL;
    const bool clean = stand_in_close_clean();
    return test_context_tear_down(state) || !clean;
}

/* Loaded under its name, it is the one that octet finds. */
static struct stand_in_nvml *open_nvml(const char *path)
{
    nvml_library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!nvml_library)
        fail_msg("%s", dlerror());
    return dlsym(nvml_library, STAND_IN_NVML_SYMBOL);
}

static octet_gpu_state state_of(int index)
{
    octet_gpu_state told = {0};
    if (oct_gpu_find_state(&test.context, index, &told))
        fail_msg("%s", test.context.message);
    return told;
}

/* Multiply-adds a clock and multiprocessor; the stand-in is up to 7 % slower than it can be. */
static void expect_rate(const struct stand_in_gpu *gpu, double gmacs, double most)
{
    const double rate = gmacs * 1e6 / STAND_IN_CLOCK_KHZ / gpu->multiprocessors;
    if (!(rate > 0.93 * most) || !(rate < 1.0001 * most))
        fail_msg("%s: %g multiply-adds a clock, not %g", gpu->name, rate, most);
}

static void peaks(void **state)
{
    (void)state;
    const struct stand_in_gpu *const gpus[] = {&stand_in_orin, &stand_in_small, &stand_in_hopper};
    for (size_t i = 0; i < 3; i++) {
        octet_gpu_peak peak = {0};
        driver->set_gpus(1, gpus[i]);
        if (oct_gpu_measure_peak(&test.context, 0, &peak))
            fail_msg("%s", test.context.message);
        expect_rate(gpus[i], peak.int8_gmacs, 2048);
        expect_rate(gpus[i], peak.bf16_gmacs, 1024);
        expect_rate(gpus[i], peak.fp32_gmacs, 128);
        assert_int_equal(peak.clock_khz, STAND_IN_CLOCK_KHZ);
    }
}

static void no_gpu(void **state)
{
    (void)state;
    octet_gpu_peak peak = {0};
    octet_gpu_state told = {0};
    assert_int_equal(oct_gpu_measure_peak(&test.context, 1, &peak), OCTET_UNSUPPORTED_DEVICE);
    assert_string_equal(test.context.message, "GPU 1 is not here: there is one, number 0");
    assert_true(peak.int8_gmacs == 0);
    driver->set_gpus(1, &stand_in_turing);
    assert_int_equal(oct_gpu_find_state(&test.context, 0, &told), OCTET_UNSUPPORTED_DEVICE);
    assert_non_null(strstr(test.context.message, "compute capability 7.5"));
    assert_int_equal(told.power_mode, -1);
}

/* Without NVML the clock alone is known. */
static void clock_alone(void **state)
{
    (void)state;
    const octet_gpu_state orin = state_of(0);
    assert_int_equal(orin.clock_khz, STAND_IN_CLOCK_KHZ);
    driver->set_gpus(1, &stand_in_hopper);
    open_nvml(OCTET_STAND_IN_NVML "/few/libnvidia-ml.so.1"); /* it lacks functions */
    const octet_gpu_state told = state_of(0);
    assert_int_equal(told.clock_khz, STAND_IN_CLOCK_KHZ);
    assert_int_equal(told.power_mode, -1);
    assert_int_equal(told.power_limit_mw, 0);
    assert_string_equal(told.held_down_by, "");
}

static void power(void **state)
{
    (void)state;
    static const struct {
        unsigned long long reasons;
        const char *text;
    } cases[] = {
        {0, ""},
        {0x1, ""}, /* idle */
        {0x4, "the power limit"},
        {0x4 | 0x20, "the power limit, heat"},
        {0x8, "heat, the power supply"},
        {0x8 | 0x40, "heat"},
        {0x8 | 0x80, "the power supply"},
        {0x2, "clocks set by hand"},
        {~0ull, "the power limit, heat, the power supply, clocks set by hand, GPUs in step, "
                "the display"},
        {0x8000000000000000, ""},
    };
    const struct stand_in_gpu two[] = {stand_in_hopper, stand_in_hopper};
    struct stand_in_nvml *nvml = open_nvml(OCTET_STAND_IN_NVML "/libnvidia-ml.so.1");
    driver->set_gpus(2, two);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        nvml->reasons = cases[i].reasons;
        const octet_gpu_state told = state_of((int)(i % 2));
        assert_string_equal(told.held_down_by, cases[i].text);
        assert_int_equal(told.power_limit_mw, 350000);
        assert_int_equal(told.power_default_mw, 700000);
        assert_string_equal(nvml->bus_id, i % 2 ? "0000:02:00.0" : "0000:01:00.0");
        assert_int_equal(nvml->open, 0);
    }
}

/* Each of NVML's calls fails, one by one: what it would tell is not told, the rest is. */
static void nvml_fails(void **state)
{
    (void)state;
    struct stand_in_nvml *nvml = open_nvml(OCTET_STAND_IN_NVML "/libnvidia-ml.so.1");
    driver->set_gpus(1, &stand_in_hopper);
    for (int call = 0; call < STAND_IN_NVML_CALLS; call++) {
        nvml->reasons = 0x4;
        nvml->fails = call;
        const octet_gpu_state told = state_of(0);
        const bool blind = call == STAND_IN_NVML_INIT || call == STAND_IN_NVML_FIND;
        assert_int_equal(told.clock_khz, STAND_IN_CLOCK_KHZ);
        assert_int_equal(told.power_limit_mw, blind || call == STAND_IN_NVML_LIMIT ? 0 : 350000);
        assert_int_equal(told.power_default_mw,
                         blind || call == STAND_IN_NVML_DEFAULT ? 0 : 700000);
        assert_string_equal(told.held_down_by,
                            blind || call == STAND_IN_NVML_REASONS ? "" : "the power limit");
        assert_int_equal(nvml->open, 0);
    }
}

static octet_status measure_peak(void)
{
    octet_gpu_peak peak = {0};
    return oct_gpu_measure_peak(&test.context, 0, &peak);
}

static octet_status find_state(void)
{
    octet_gpu_state told = {0};
    return oct_gpu_find_state(&test.context, 0, &told);
}

static void expect_line(void)
{
    if (!test.context.message[0] || strchr(test.context.message, '\n'))
        fail_msg("after %s failed: '%s'", driver->failed_call(), test.context.message);
}

static void expect_nothing_left(bool device_too)
{
    struct stand_in_counts counts;
    driver->get_counts(&counts);
    assert_int_equal(counts.retained, 0);
    assert_int_equal(counts.depth, 0);
    if (device_too && counts.leaked)
        fail_msg("after %s failed, %d objects are left", driver->failed_call(), counts.leaked);
    assert_string_equal(driver->complaint(), "");
}

/* Calls that give something back, or whose result is of no use, may fail without a word. */
static void each_call(octet_status (*measure)(void), int result, octet_status wanted)
{
    int failed = 0;
    for (int call = 0;; call++) {
        driver->reset();
        driver->set_gpus(1, &stand_in_hopper);
        driver->fail_call(call, result, false);
        test.context.message[0] = '\0';
        const octet_status status = measure();
        if (!driver->failed_call()[0])
            break;
        if (status) {
            assert_true(status == wanted || status == OCTET_UNSUPPORTED_DEVICE);
            expect_line();
            failed++;
        }
        /* What is on a GPU to which nobody can turn stays there, until its context ends. */
        expect_nothing_left(strcmp(driver->failed_call(), "cuCtxPushCurrent_v2") != 0);
    }
    assert_true(failed > 60);
}

static void each_call_fails(void **state)
{
    (void)state;
    open_nvml(OCTET_STAND_IN_NVML "/libnvidia-ml.so.1");
    each_call(measure_peak, LAUNCH_FAILED, OCTET_DEVICE_FAILED);
    each_call(measure_peak, OUT_OF_MEMORY, OCTET_OUT_OF_MEMORY);
    each_call(find_state, LAUNCH_FAILED, OCTET_DEVICE_FAILED);
}

/* A GPU that fails once does so for good. */
static void fails_for_good(void **state)
{
    (void)state;
    for (int call = 0;; call++) {
        driver->reset();
        driver->fail_call(call, LAUNCH_FAILED, true);
        const octet_status status = measure_peak();
        if (!driver->failed_call()[0])
            break;
        if (status)
            expect_line();
        expect_nothing_left(false);
    }
}

#define TEST(function) cmocka_unit_test_prestate_setup_teardown(function, set_up, tear_down, &test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(peaks),      TEST(no_gpu),          TEST(clock_alone),    TEST(power),
        TEST(nvml_fails), TEST(each_call_fails), TEST(fails_for_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
