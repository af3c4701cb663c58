/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions of every tile and finish, and attentions, with random shapes, from the host's
 * cutting and packing to the kernel's addresses, against the plain evaluation: codes to the bit. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "gpu/support/random_attention.h"
#include "gpu/support/stand_in_driver.h"

static struct test_context test;
static const struct stand_in_driver *driver;
static struct oct_gpu_device device;

static int set_up(void **state)
{
    const int failed = test_context_set_up(state);
    driver = stand_in_open();
    return failed || oct_gpu_device_open(&test.context, 0, &device) ||
           oct_gpu_device_enter(&device);
}

static int tear_down(void **state)
{
    oct_gpu_device_leave(&device);
    oct_gpu_device_close(&device);
    return stand_in_close_clean() ? test_context_tear_down(state) : 1;
}

static struct conv_trial trial_of(uint64_t seed)
{
    return (struct conv_trial){&test.context, &device, test_random_of(seed), NULL, 0};
}

static void tiles_of_codes(void **state)
{
    (void)state;
    int count, chunked = 0;
    const struct conv_finish *finishes = conv_finishes(&count);
    for (int i = 0; i < 3; i++) {
        struct conv_trial trial = trial_of((uint64_t)i + 1);
        conv_trial_tiles(&trial, &finishes[i], i == 0 ? 10 : 4);
        chunked += trial.chunked;
    }
    assert_true(chunked > 50);
}

static void other_finishes(void **state)
{
    (void)state;
    int count;
    const struct conv_finish *finishes = conv_finishes(&count);
    for (int i = 3; i < count; i++) {
        struct conv_trial trial = trial_of((uint64_t)i + 1);
        conv_trial_tiles(&trial, &finishes[i], 4);
    }
}

static void first_convolutions(void **state)
{
    (void)state;
    struct conv_trial trial = trial_of(76);
    conv_trial_pixels(&trial, 15);
}

static void floats(void **state)
{
    (void)state;
    struct conv_trial trial = trial_of(77);
    conv_trial_floats(&trial, 30);
}

static void each_channel_alone(void **state)
{
    (void)state;
    struct conv_trial trial = trial_of(78);
    conv_trial_depthwise(&trial, 30);
}

static void attentions(void **state)
{
    (void)state;
    struct conv_trial trial = trial_of(79);
    attention_trial(&trial, 12);
}

/* ---- divisors ---- */

/* x / divisor as kernels work it out, for what is tiled at all. */
static void divisors(void **state)
{
    (void)state;
    struct test_random random = test_random_of(5);
    for (int i = 0; i < 200000; i++) {
        const int divisor = i < 3000 ? i + 1 : test_int(&random, 1, INT32_MAX / 2);
        const struct oct_gpu_divisor by = oct_gpu_divisor_of(divisor);
        const int64_t multiple = (int64_t)divisor * test_int(&random, 0, INT32_MAX / divisor - 1);
        for (int64_t x = multiple - 1; x <= multiple + 1; x++) {
            if (x < 0 || x > INT32_MAX)
                continue;
            const uint32_t is = by.multiplier
                                    ? (uint32_t)((uint64_t)x * by.multiplier >> 32) >> by.shift
                                    : (uint32_t)x;
            if (is != (uint32_t)(x / divisor))
                fail_msg("%lld / %d: %u", (long long)x, divisor, is);
        }
    }
}

#define TEST(function) cmocka_unit_test_prestate_setup_teardown(function, set_up, tear_down, &test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tiles_of_codes), TEST(other_finishes),     TEST(first_convolutions),
        TEST(floats),         TEST(each_channel_alone), TEST(attentions),
        TEST(divisors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
