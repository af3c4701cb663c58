/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions of every tile and finish with random shapes, from the host's cutting and packing to
 * the kernel's addresses, against the plain evaluation: codes to the bit. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "gpu/support/conv_case.h"
#include "gpu/support/stand_in_driver.h"

/* Sums in another order, in single precision. */
#define FLOAT_TOLERANCE 1e-4
/* Inputs are rounded to 8 bits, and the output: 0.01 was measured. */
#define HALF_TOLERANCE 0.03

static struct test_context test;
static const struct stand_in_driver *driver;
static struct oct_gpu_device device;
static struct conv_case current;

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

/* ---- shapes ---- */

static int any_of(struct test_random *random, const int *values, int count)
{
    return values[test_int(random, 0, count - 1)];
}

static int output_side(int side, const struct conv_shape *s)
{
    return (side + 2 * s->padding - s->kernel) / s->stride + 1;
}

/* A shape whose kernel fits, for a tile; the fewer products the larger its channels are. */
static struct conv_shape any_shape(struct test_random *random, const struct oct_gpu_tile *tile)
{
    static const int kernels[] = {1, 1, 3, 3, 3, 5, 6, 7}, channels[] = {16, 48, 80, 96, 136, 7};
    struct conv_shape s = {.kernel = any_of(random, kernels, 8),
                           .stride = test_int(random, 1, 3),
                           .outputs = tile->channels - test_int(random, 0, 2) * 3};
    if (tile->by_rows) {
        s.kernel = 3;
        s.stride = 1;
    }
    s.padding = test_int(random, 0, s.kernel / 2);
    s.channels[0] = any_of(random, channels, s.kernel > 3 ? 2 : 6);
    if (test_int(random, 0, 2) == 0) {
        s.channels[1] = any_of(random, channels, s.kernel > 3 ? 1 : 3);
        s.channels[2] = test_int(random, 0, 1) * 16;
    }
    const int most = s.kernel > 3 || tile->channels > 64 ? 12 : 20;
    s.height = test_int(random, 1, most);
    s.width = test_int(random, 0, 5) == 0 ? 60 : test_int(random, 1, most);
    if (s.width == 60)
        s.height = test_int(random, 1, 3);
    while (output_side(s.height, &s) < 1 || s.height + 2 * s.padding < s.kernel)
        s.height++;
    while (output_side(s.width, &s) < 1 || s.width + 2 * s.padding < s.kernel)
        s.width++;
    return s;
}

/* ---- finishes ---- */

static const struct finish {
    const char *family;
    enum oct_type type, output;
    bool silu, is_added;
    enum oct_type residual;
    bool few;
} finishes[] = {
    {"conv_u8_silu", OCT_TYPE_U8, OCT_TYPE_U8, true, false, OCT_TYPE_U8, false},
    {"conv_u8_residual", OCT_TYPE_U8, OCT_TYPE_U8, true, true, OCT_TYPE_U8, false},
    {"conv_u8_values", OCT_TYPE_U8, OCT_TYPE_F32, false, false, OCT_TYPE_U8, false},
    {"conv_u8_any", OCT_TYPE_U8, OCT_TYPE_U8, false, false, OCT_TYPE_U8, true},
    {"conv_u8_any", OCT_TYPE_U8, OCT_TYPE_F32, true, true, OCT_TYPE_U8, true},
    {"conv_u8_any", OCT_TYPE_U8, OCT_TYPE_U8, true, true, OCT_TYPE_F32, true},
    {"conv_u8_any", OCT_TYPE_U8, OCT_TYPE_U8, false, true, OCT_TYPE_U8, true},
    {"conv_bf16_silu", OCT_TYPE_BF16, OCT_TYPE_BF16, true, false, OCT_TYPE_BF16, false},
    {"conv_bf16_values", OCT_TYPE_BF16, OCT_TYPE_F32, false, false, OCT_TYPE_BF16, true},
    {"conv_bf16_any", OCT_TYPE_BF16, OCT_TYPE_BF16, true, true, OCT_TYPE_BF16, true},
    {"conv_bf16_any", OCT_TYPE_BF16, OCT_TYPE_F32, true, true, OCT_TYPE_F32, true},
};
enum { FINISHES = sizeof finishes / sizeof *finishes };

static int chunked; /* of the cases so far */

/* Forces the tile, now and then with few groups a chunk or as little shared memory as it fits in;
 * false: it does not fit at all. */
static bool force_tile(struct test_random *random, const struct oct_gpu_tile *tile)
{
    struct oct_gpu_step *step = &current.plan.steps[current.step];
    const int how = test_int(random, 0, 3);
    const int most_groups = how == 0 ? test_int(random, 1, 8) : INT_MAX;
    if (!oct_gpu_step_tile(step, tile, device.limits.shared_bytes_a_block, most_groups))
        return false;
    if (how == 1)
        for (size_t room = step->shared_bytes; room > 4096; room -= room / 8)
            if (!oct_gpu_step_tile(step, tile, room, INT_MAX))
                break;
    chunked += step->of.conv.chunks > 1;
    return true;
}

static bool check_case(struct test_random *random, const struct finish *finish,
                       const struct oct_gpu_tile *tile)
{
    struct conv_shape shape = any_shape(random, tile);
    shape.type = finish->type;
    shape.output = finish->output;
    shape.silu = finish->silu;
    shape.is_added = finish->is_added;
    shape.residual = finish->residual;
    conv_case_make(&current, &test.context, random, &shape, &device.limits);
    const bool fits = force_tile(random, tile);
    assert_string_equal(current.plan.steps[current.step].family, finish->family);
    if (fits)
        conv_case_check(&current, &test.context, &device,
                        finish->type == OCT_TYPE_BF16 ? HALF_TOLERANCE : 0.0);
    conv_case_free(&current, &test.context);
    return fits;
}

static void check_tiles(const struct finish *finish, int cases)
{
    int count;
    const struct oct_gpu_tile *tiles =
        finish->few ? oct_gpu_tiles_few(&count) : oct_gpu_tiles(&count);
    struct test_random random = test_random_of((uint64_t)(finish - finishes + 1));
    for (int i = 0; i < count; i++) {
        int done = 0;
        if (tiles[i].by_rows && !strstr(finish->family, "silu") &&
            !strstr(finish->family, "residual"))
            continue;
        for (int tries = 0; done < cases && tries < 4 * cases; tries++)
            done += check_case(&random, finish, &tiles[i]);
        assert_int_equal(done, cases);
    }
}

static void tiles_of_codes(void **state)
{
    (void)state;
    chunked = 0;
    for (int i = 0; i < 3; i++)
        check_tiles(&finishes[i], i == 0 ? 10 : 4);
    assert_true(chunked > 50);
}

static void other_finishes(void **state)
{
    (void)state;
    for (int i = 3; i < FINISHES; i++)
        check_tiles(&finishes[i], 4);
}

/* ---- floats ---- */

static void floats(void **state)
{
    (void)state;
    struct test_random random = test_random_of(77);
    const struct oct_gpu_tile any = {.channels = 32};
    for (int i = 0; i < 30; i++) {
        struct conv_shape shape = any_shape(&random, &any);
        shape.type = shape.output = shape.residual = OCT_TYPE_F32;
        shape.silu = i % 2;
        shape.is_added = i % 3 == 0;
        conv_case_make(&current, &test.context, &random, &shape, &device.limits);
        conv_case_check(&current, &test.context, &device, FLOAT_TOLERANCE);
        conv_case_free(&current, &test.context);
    }
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
    const struct CMUnitTest tests[] = {TEST(tiles_of_codes), TEST(other_finishes), TEST(floats),
                                       TEST(divisors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
