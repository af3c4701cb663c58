/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of all weights, at every length around the blocks that they are taken in. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/bfloat16.h"
#include "network/scan_weights.h"

enum { MOST = 200 };

static void all_finite(void **state)
{
    (void)state;
    static const float lost[] = {INFINITY, -INFINITY, NAN, -NAN};
    static const float kept[] = {3.4e38f, -3.4e38f, 1e-45f, -0.0f};
    float values[MOST];
    uint16_t bf16[MOST];
    for (int i = 0; i < MOST; i++) {
        values[i] = kept[i % 4];
        bf16[i] = i % 2 ? 0x7f7f : 0x8001; /* the largest one; one next to zero */
    }
    for (int count = 0; count <= MOST; count++) {
        assert_true(oct_all_finite(values, (size_t)count));
        assert_true(oct_all_finite_bf16(bf16, (size_t)count));
    }
    for (int at = 0; at < MOST; at++) {
        const float value = values[at];
        const uint16_t half = bf16[at];
        values[at] = lost[at % 4];
        bf16[at] = oct_bf16_of(values[at]);
        for (int count = 0; count <= MOST; count++) {
            assert_int_equal(oct_all_finite(values, (size_t)count), count <= at);
            assert_int_equal(oct_all_finite_bf16(bf16, (size_t)count), count <= at);
        }
        values[at] = value;
        bf16[at] = half;
    }
}

static void lowest_code(void **state)
{
    (void)state;
    int8_t codes[MOST];
    for (int i = 0; i < MOST; i++)
        codes[i] = (int8_t)(127 - i % 100);
    assert_int_equal(oct_lowest_code(codes, 0), INT8_MAX);
    for (int at = 0; at < MOST; at++) {
        const int8_t code = codes[at];
        codes[at] = INT8_MIN;
        assert_int_equal(oct_lowest_code(codes, (size_t)at + 1), INT8_MIN);
        assert_true(oct_lowest_code(codes, (size_t)at) > 0);
        codes[at] = code;
    }
}

static void sum_of_codes(void **state)
{
    (void)state;
    int8_t codes[4][MOST];
    for (int i = 0; i < MOST; i++) {
        codes[0][i] = 127;
        codes[1][i] = INT8_MIN;
        codes[2][i] = (int8_t)(i % 2 ? -127 : 127);
        codes[3][i] = (int8_t)(i * 89 % 255 - 127);
    }
    for (int kind = 0; kind < 4; kind++) {
        int64_t sum = 0, magnitude = 0;
        for (int count = 0; count <= MOST; count++) {
            const struct oct_code_sums got = oct_sum_codes(codes[kind], (size_t)count);
            assert_int_equal(got.sum, sum);
            assert_int_equal(got.magnitude, magnitude);
            sum += count < MOST ? codes[kind][count] : 0;
            magnitude += count < MOST ? abs(codes[kind][count]) : 0;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_finite),
        cmocka_unit_test(lowest_code),
        cmocka_unit_test(sum_of_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
