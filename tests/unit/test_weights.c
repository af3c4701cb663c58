/* SPDX-License-Identifier: Apache-2.0 */
/* The quantisation of weights. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/quantize/weights.h"
#include "random.h"

static void by_hand(void **state)
{
    (void)state;
    const struct oct_weights_shape shape = {3, 2, 2}; /* outputs, inputs, taps */
    const float weights[3][2][2] = {
        {{1.27f, -0.5f}, {0.004f, 0.0f}}, /* s = 0.01: 127, -50, 0.4 -> 0, 0 */
        {{-254.0f, 1.0f}, {3.0f, 5.0f}},  /* s = 2: -127, 0.5 -> 0, 1.5 -> 2, 2.5 -> 2 */
        {{0.0f, 0.0f}, {0.0f, -0.0f}},    /* zeros */
    };
    const float ones[2] = {1.0f, 1.0f};
    const int8_t expected[3][4] = {{127, -50, 0, 0}, {-127, 0, 2, 2}, {0, 0, 0, 0}};
    int8_t codes[3][4];
    float scales[3];
    oct_quantize_weights(&shape, &weights[0][0][0], ones, &codes[0][0], scales);
    assert_memory_equal(codes, expected, sizeof codes);
    assert_true(fabsf(scales[0] - 0.01f) < 1e-9f);
    assert_true(scales[1] == 2.0f);
    assert_true(scales[2] == 1.0f);
}

/* Input 1's codes are worth ten times more: its weights count ten times. */
static void input_scales(void **state)
{
    (void)state;
    const struct oct_weights_shape shape = {1, 2, 1};
    const float weights[2] = {1.27f, 0.1f}, inputs[2] = {1.0f, 10.0f};
    int8_t codes[2];
    float scale;
    oct_quantize_weights(&shape, weights, inputs, codes, &scale);
    assert_int_equal(codes[0], 127);
    assert_int_equal(codes[1], 100);
    assert_true(fabsf(scale - 0.01f) < 1e-9f);
    const float other[2] = {0.1f, 1.27f};
    oct_quantize_weights(&shape, other, inputs, codes, &scale);
    assert_int_equal(codes[0], 1);
    assert_int_equal(codes[1], 127);
    assert_true(fabsf(scale - 0.1f) < 1e-8f);
}

/* Every weight is off by half a unit at most, the largest of a channel is +-127, none is -128. */
static void bounds(void **state)
{
    (void)state;
    enum { OUTPUTS = 20, INPUTS = 7, TAPS = 9, DEPTH = INPUTS * TAPS };
    static float weights[OUTPUTS * DEPTH];
    static int8_t codes[OUTPUTS * DEPTH];
    float scales[OUTPUTS], inputs[INPUTS];
    const struct oct_weights_shape shape = {OUTPUTS, INPUTS, TAPS};
    struct test_random random = test_random_of(1);
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < OUTPUTS * DEPTH; i++)
            weights[i] = ldexpf(test_float(&random, -1.0f, 1.0f), i / DEPTH - 10);
        for (int i = 0; i < INPUTS; i++)
            inputs[i] = test_float(&random, 0.001f, 0.1f);
        oct_quantize_weights(&shape, weights, inputs, codes, scales);
        for (int n = 0; n < OUTPUTS; n++) {
            int largest = 0;
            for (int i = 0; i < DEPTH; i++) {
                const int code = codes[n * DEPTH + i];
                const double units =
                    (double)weights[n * DEPTH + i] * (double)inputs[i / TAPS] / (double)scales[n];
                assert_true(fabs(units - code) <= 0.5 + 1e-4);
                largest = code > largest ? code : -code > largest ? -code : largest;
            }
            assert_int_equal(largest, 127);
        }
    }
}

static void tiny_weights(void **state)
{
    (void)state;
    const struct oct_weights_shape shape = {2, 1, 2};
    const float weights[4] = {1e-38f, -1e-39f, 3e38f, -3e38f}, one = 1.0f;
    int8_t codes[4];
    float scales[2];
    oct_quantize_weights(&shape, weights, &one, codes, scales);
    assert_true(scales[0] == 1.0f && codes[0] == 0 && codes[1] == 0);
    assert_true(isfinite(scales[1]) && codes[2] == 127 && codes[3] == -127);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(input_scales),
        cmocka_unit_test(bounds),
        cmocka_unit_test(tiny_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
