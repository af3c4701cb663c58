/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic with the same bits everywhere: a * b + c rounded once, as the C library has it, and
 * logarithms. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/exponential.h"
#include "base/fused.h"
#include "random.h"

enum { ROWS = 100000 };

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Any bits, or (three times of four) what does not vanish beside a product of these exponents. */
static float addend(struct test_random *random, float value, float weight)
{
    const uint32_t bits = test_bits(random);
    int exponents[2] = {0, 0};
    frexpf(value, &exponents[0]);
    frexpf(weight, &exponents[1]);
    const int exponent = exponents[0] + exponents[1] + (int)(test_bits(random) % 60) - 30;
    if (bits % 4 == 0 || !isfinite(value) || !isfinite(weight))
        return float_of(bits);
    return copysignf(ldexpf(1.0f + (float)(bits & 0x7fffff) * 0x1p-23f, exponent), float_of(bits));
}

/* Few bits set, which makes sums halfway between two floats likely. */
static uint32_t sparse(struct test_random *random)
{
    return test_bits(random) & test_bits(random) & (test_bits(random) | 0x3f800000u);
}

static void expect_same(float value, float weight, float sum, float result)
{
    const float wanted = fmaf(value, weight, sum);
    if (memcmp(&wanted, &result, sizeof wanted) != 0 && !(isnan(wanted) && isnan(result)))
        fail_msg("%a * %a + %a is %a, not %a", (double)value, (double)weight, (double)sum,
                 (double)wanted, (double)result);
}

static void rounded_once(void **state)
{
    (void)state;
    struct test_random random = test_random_of(7);
    for (int row = 0; row < ROWS; row++) {
        float sums[OCT_FUSED_ROW], before[OCT_FUSED_ROW], weights[OCT_FUSED_ROW];
        const bool few = row % 2 == 0;
        const float value = float_of(few ? sparse(&random) : test_bits(&random));
        for (int i = 0; i < OCT_FUSED_ROW; i++) {
            weights[i] = float_of(few ? sparse(&random) : test_bits(&random));
            before[i] = sums[i] = addend(&random, value, weights[i]);
        }
        oct_fused_row(sums, value, weights);
        for (int i = 0; i < OCT_FUSED_ROW; i++) {
            expect_same(value, weights[i], before[i], sums[i]);
            expect_same(value, weights[i], before[i], oct_fused(value, weights[i], before[i]));
        }
    }
}

/* Halfway but for a part that a double has no room for; subnormal; an even sum of two. */
static void rounded_once_at_ties(void **state)
{
    (void)state;
    static const float cases[][3] = {{0x1.000002p+0f, 0x1.000002p-24f, 1.0f},
                                     {0x1p-24f, 1.0f, 1.0f},
                                     {-0x1p-24f, 0x1.000002p+0f, 0x1.000002p+0f},
                                     {0x1.000002p-75f, 0x1.fffffep-76f, 0x1p-127f},
                                     {0x1p-75f, 0x1p-75f, 0x1p-149f},
                                     {0x1.8p-75f, 0x1p-75f, 0x1p-149f},
                                     {3e38f, 2.0f, -INFINITY},
                                     {INFINITY, 0.0f, 1.0f},
                                     {3e38f, 1.2f, 0.0f},
                                     {-0.0f, 1.0f, -0.0f}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const float *c = cases[i];
        float sums[OCT_FUSED_ROW] = {c[2]}, weights[OCT_FUSED_ROW] = {c[1]};
        expect_same(c[0], c[1], c[2], oct_fused(c[0], c[1], c[2]));
        oct_fused_row(sums, c[0], weights);
        expect_same(c[0], c[1], c[2], sums[0]);
    }
}

static void logarithms(void **state)
{
    (void)state;
    struct test_random random = test_random_of(8);
    assert_true(oct_logarithm(1.0) == 0.0);
    for (int i = 0; i < ROWS; i++) {
        const double step = (double)test_bits(&random) * 0x1p-32;
        const double x = ldexp(0.5 + step, i % 4 ? 0 : i % 400 - 200);
        const double wanted = log(x);
        if (!(fabs(oct_logarithm(x) - wanted) <= 5e-16 * fabs(wanted)))
            fail_msg("the logarithm of %.17g is %.17g, not %.17g", x, oct_logarithm(x), wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounded_once),
        cmocka_unit_test(rounded_once_at_ties),
        cmocka_unit_test(logarithms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
