/* SPDX-License-Identifier: Apache-2.0 */
/* The quantisation of weights. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/quantize/weights.h"
#include "random.h"

static void by_hand(void **state)
{
    (void)state;
    const struct oct_weights_shape shape = {3, 2, 2, false, 8}; /* outputs, inputs, taps */
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
    const struct oct_weights_shape shape = {1, 2, 1, false, 8};
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
    const struct oct_weights_shape shape = {OUTPUTS, INPUTS, TAPS, false, 8};
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
    const struct oct_weights_shape shape = {2, 1, 2, false, 8};
    const float weights[4] = {1e-38f, -1e-39f, 3e38f, -3e38f}, one = 1.0f;
    int8_t codes[4];
    float scales[2];
    oct_quantize_weights(&shape, weights, &one, codes, scales);
    assert_true(scales[0] == 1.0f && codes[0] == 0 && codes[1] == 0);
    assert_true(isfinite(scales[1]) && codes[2] == 127 && codes[3] == -127);
}

/* Errors 0.4, 0.4 and 0.4 of one channel add up to 1.2: one of them is rounded up. */
static void refined_by_hand(void **state)
{
    (void)state;
    const struct oct_weights_shape shape = {1, 1, 4, false, 8};
    const float weights[4] = {1.27f, 0.004f, 0.004f, 0.004f}, one = 1.0f;
    const struct oct_moments moments = {0.0, 1.0};
    int8_t codes[4];
    float scale;
    double scratch[6];
    int candidates[1][2];
    assert_int_equal(oct_refinement_scratch(&shape), 6);
    oct_quantize_weights(&shape, weights, &one, codes, &scale);
    oct_refine_weights(
        &(struct oct_refinement){shape, weights, &one, &scale, &moments, scratch, candidates},
        codes);
    int sum = 0;
    for (int i = 1; i < 4; i++)
        sum += codes[i];
    assert_int_equal(codes[0], 127);
    assert_int_equal(sum, 1);
}

enum { OUTPUTS = 5, INPUTS = 6, TAPS = 9, DEPTH = INPUTS * TAPS };

static struct {
    float weights[OUTPUTS * DEPTH], scales[OUTPUTS], inputs[INPUTS];
    struct oct_moments moments[INPUTS];
    int8_t nearest[OUTPUTS * DEPTH], codes[OUTPUTS * DEPTH];
    double scratch[DEPTH + 2 * INPUTS];
    int candidates[INPUTS][2];
} layer;

static const struct oct_weights_shape layer_shape = {OUTPUTS, INPUTS, TAPS, false, 8};

static struct oct_refinement random_layer(struct test_random *random)
{
    for (int i = 0; i < OUTPUTS * DEPTH; i++)
        layer.weights[i] = test_float(random, -1.0f, 1.0f);
    for (int i = 0; i < INPUTS; i++) {
        layer.inputs[i] = test_float(random, 0.001f, 0.1f);
        layer.moments[i].mean = (double)test_float(random, -1.0f, 3.0f);
        layer.moments[i].deviation = (double)test_float(random, 0.0f, 2.0f);
    }
    oct_quantize_weights(&layer_shape, layer.weights, layer.inputs, layer.nearest, layer.scales);
    memcpy(layer.codes, layer.nearest, sizeof layer.codes);
    return (struct oct_refinement){layer_shape,   layer.weights, layer.inputs,    layer.scales,
                                   layer.moments, layer.scratch, layer.candidates};
}

static double units_of(int n, int i)
{
    return (double)layer.weights[n * DEPTH + i] * (double)layer.inputs[i / TAPS] /
           (double)layer.scales[n];
}

/* The variance of an output's error, in units of its accumulator,
 * from the covariance's definition. */
static double variance(int n, const int8_t *codes)
{
    double sum = 0.0, weighted[DEPTH];
    for (int i = 0; i < DEPTH; i++)
        weighted[i] = (units_of(n, i) - codes[n * DEPTH + i]) * layer.moments[i / TAPS].deviation /
                      (double)layer.inputs[i / TAPS];
    for (int i = 0; i < DEPTH; i++)
        for (int j = 0; j < DEPTH; j++)
            sum += weighted[i] * weighted[j] *
                   (i == j                 ? 1.0
                    : i / TAPS == j / TAPS ? OCT_TAP_CORRELATION
                                           : OCT_CHANNEL_CORRELATION);
    return sum;
}

/* The variance falls well below that of rounding to nearest, and no single code's turn to its
 * weight's other neighbour makes it smaller still. */
static void refined_least(void **state)
{
    (void)state;
    struct test_random random = test_random_of(2);
    double before = 0.0, after = 0.0;
    for (int round = 0; round < 20; round++) {
        const struct oct_refinement refinement = random_layer(&random);
        oct_refine_weights(&refinement, layer.codes);
        for (int n = 0; n < OUTPUTS; n++) {
            const double least = variance(n, layer.codes), nearest = variance(n, layer.nearest);
            assert_true(least <= nearest);
            before += nearest;
            after += least;
            for (int i = 0; i < DEPTH; i++) {
                int8_t *code = &layer.codes[n * DEPTH + i];
                const int kept = *code, turned = kept + (units_of(n, i) > kept ? 1 : -1);
                assert_true(fabs(units_of(n, i) - kept) <= 1.0 && kept >= -127);
                if (turned < -127 || turned > 127)
                    continue;
                *code = (int8_t)turned;
                assert_true(variance(n, layer.codes) > least * (1.0 - 1e-9));
                *code = (int8_t)kept;
            }
        }
    }
    assert_true(after < 0.55 * before); /* measured: 0.49 */
}

/* Inputs that never change have no variance: their codes stay the nearest. */
static void refined_constant(void **state)
{
    (void)state;
    struct test_random random = test_random_of(3);
    const struct oct_refinement refinement = random_layer(&random);
    for (int i = 0; i < INPUTS; i++)
        layer.moments[i].deviation = 0.0;
    oct_refine_weights(&refinement, layer.codes);
    assert_memory_equal(layer.codes, layer.nearest, sizeof layer.codes);
}

/* Codes of 4 bits to nearest: the same by 7. */
static void few_bits(void **state)
{
    (void)state;
    const struct oct_weights_shape shape = {2, 1, 4, false, 4};
    const float weights[8] = {0.7f, -0.7f, 0.26f, 0.04f, -14.0f, 3.0f, 5.0f, 1.0f}, one = 1.0f;
    const int8_t expected[8] = {7, -7, 3, 0, -7, 2, 2, 0}; /* 1.5 -> 2, 2.5 -> 2, 0.5 -> 0 */
    int8_t codes[8];
    float scales[2];
    oct_quantize_weights(&shape, weights, &one, codes, scales);
    assert_memory_equal(codes, expected, sizeof codes);
    assert_true(fabsf(scales[0] - 0.1f) < 1e-8f && scales[1] == 2.0f);
}

/* The covariance of what two rows of weights make of the inputs, from its definition. */
static double covariance(const double *a, const double *b)
{
    double sum = 0.0;
    for (int i = 0; i < DEPTH; i++)
        for (int j = 0; j < DEPTH; j++)
            sum += a[i] * b[j] * layer.moments[i / TAPS].deviation *
                   layer.moments[j / TAPS].deviation /
                   ((double)layer.inputs[i / TAPS] * (double)layer.inputs[j / TAPS]) *
                   (i == j                 ? 1.0
                    : i / TAPS == j / TAPS ? OCT_TAP_CORRELATION
                                           : OCT_CHANNEL_CORRELATION);
    return sum;
}

/* Of what the codes of output `n` make of the inputs, by its weights: the regression's slope, and
 * the share of its variance that the weights do not explain. */
static void look_at_fit(int n, const int8_t *codes, float scale, double *slope, double *lost)
{
    double own[DEPTH], coded[DEPTH];
    for (int i = 0; i < DEPTH; i++) {
        own[i] = (double)layer.weights[n * DEPTH + i] * (double)layer.inputs[i / TAPS];
        coded[i] = (double)codes[n * DEPTH + i] * (double)scale;
    }
    const double both = covariance(own, coded), variance = covariance(own, own);
    *slope = both / variance;
    *lost = 1.0 - both * both / (variance * covariance(coded, coded));
}

/* Fitted codes of 4 bits use all of them, lose less than those to nearest of the largest weight's
 * scale, and rise and fall as the weights do. A tenth of the weights is far larger than the others,
 * as in trained layers. */
static void fitted(void **state)
{
    (void)state;
    struct test_random random = test_random_of(5);
    double before = 0.0, after = 0.0;
    for (int round = 0; round < 20; round++) {
        struct oct_refinement refinement = random_layer(&random);
        for (int i = 0; i < OUTPUTS * DEPTH; i++)
            layer.weights[i] *= test_int(&random, 0, 9) ? 0.3f : 1.0f;
        refinement.shape.bits = 4;
        oct_quantize_weights(&refinement.shape, layer.weights, layer.inputs, layer.nearest,
                             layer.scales);
        float scales[OUTPUTS];
        memcpy(scales, layer.scales, sizeof scales);
        memcpy(layer.codes, layer.nearest, sizeof layer.codes);
        oct_fit_weights(&refinement, layer.scales, layer.codes);
        for (int n = 0; n < OUTPUTS; n++) {
            double slope[2], lost[2];
            int most = 0;
            look_at_fit(n, layer.nearest, scales[n], &slope[0], &lost[0]);
            look_at_fit(n, layer.codes, layer.scales[n], &slope[1], &lost[1]);
            before += lost[0];
            after += lost[1];
            assert_true(fabs(slope[1] - 1.0) < 1e-6);
            for (int i = 0; i < DEPTH; i++)
                most =
                    abs(layer.codes[n * DEPTH + i]) > most ? abs(layer.codes[n * DEPTH + i]) : most;
            assert_int_equal(most, 7);
        }
    }
    print_message("    share of the variance that is lost: %.5f, fitted %.5f\n", before / 100,
                  after / 100);
    assert_true(after < 0.6 * before);
}

/* Where nothing is known of the inputs, or all weights are zeros, nothing is divided by it. */
static void fitted_to_nothing(void **state)
{
    (void)state;
    struct test_random random = test_random_of(6);
    struct oct_refinement refinement = random_layer(&random);
    refinement.shape.bits = 4;
    for (int i = 0; i < INPUTS; i++)
        layer.moments[i].deviation = 0.0;
    memset(layer.weights, 0, DEPTH * sizeof(float));
    oct_quantize_weights(&refinement.shape, layer.weights, layer.inputs, layer.codes, layer.scales);
    memcpy(layer.nearest, layer.codes, sizeof layer.codes);
    oct_fit_weights(&refinement, layer.scales, layer.codes);
    assert_true(layer.scales[0] == 1.0f);
    for (int n = 1; n < OUTPUTS; n++)
        assert_true(isfinite(layer.scales[n]) && layer.scales[n] > 0.0f);
    assert_memory_equal(layer.codes, layer.nearest, sizeof layer.codes);
}

/* At the inputs' means the coded layer gives what the float layer gives. */
static void biases(void **state)
{
    (void)state;
    struct test_random random = test_random_of(4);
    const struct oct_refinement refinement = random_layer(&random);
    const float given[OUTPUTS] = {0.0f, 1.0f, -1.0f, 0.5f, 3.0f};
    float corrected[OUTPUTS];
    oct_correct_biases(&refinement, layer.codes, given, corrected);
    for (int n = 0; n < OUTPUTS; n++) {
        double is = (double)corrected[n], wanted = (double)given[n];
        for (int i = 0; i < DEPTH; i++) {
            const double mean = layer.moments[i / TAPS].mean;
            wanted += mean * (double)layer.weights[n * DEPTH + i];
            is += mean * layer.codes[n * DEPTH + i] * (double)layer.scales[n] /
                  (double)layer.inputs[i / TAPS];
        }
        assert_true(fabs(is - wanted) < 1e-5);
        assert_true(corrected[n] != given[n]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),          cmocka_unit_test(input_scales),
        cmocka_unit_test(bounds),           cmocka_unit_test(tiny_weights),
        cmocka_unit_test(refined_by_hand),  cmocka_unit_test(refined_least),
        cmocka_unit_test(refined_constant), cmocka_unit_test(few_bits),
        cmocka_unit_test(fitted),           cmocka_unit_test(fitted_to_nothing),
        cmocka_unit_test(biases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
