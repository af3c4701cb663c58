/* SPDX-License-Identifier: Apache-2.0 */
/* Training's kernels: the same bits in every set, and what they are said to compute. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "network/requantize.h"
#include "random.h"
#include "runtime/backend/cpu/features/features.h"
#include "train/kernels/train_kernels.h"

enum { COUNT = 1 << 12, ODD = 1037, SETS = 3 };

static float sums[COUNT], residual[COUNT], gradient[COUNT], teacher[COUNT];

/* One set of kernels, and what it gave. */
struct results {
    float values[COUNT], in_place[COUNT], back[COUNT], coded_back[COUNT], coded_gradient[COUNT];
    float decoded[COUNT], classes[COUNT], bins[COUNT], sum[COUNT];
    uint8_t codes[COUNT];
    double scale, class_loss, bin_loss;
};

static struct results all[SETS];

static void run(const struct oct_train_kernels *k, const struct oct_coded_activation *how,
                struct results *r)
{
    memset(r, 0, sizeof *r);
    k->activate(how, sums, residual, ODD, r->values);
    memcpy(r->in_place, sums, sizeof sums);
    k->activate_in_place(how, NULL, ODD, r->in_place);
    k->code(how, sums, residual, ODD, r->codes);
    memcpy(r->back, sums, sizeof sums);
    k->activate_back(how, gradient, ODD, r->back);
    memcpy(r->coded_back, sums, sizeof sums);
    memcpy(r->coded_gradient, gradient, sizeof gradient);
    r->scale = k->code_back(how, residual, r->coded_gradient, ODD, r->coded_back);
    k->decode(how->quantization, r->codes, ODD, r->decoded);
    r->class_loss = k->classes(sums, teacher, ODD, r->classes);
    for (size_t i = 0; i + 17 <= ODD; i += 17)
        r->bin_loss += k->distribution(sums + i, teacher + i, 17, 0.7f, r->bins + i);
    memcpy(r->sum, sums, sizeof sums);
    k->add(residual, ODD, r->sum);
}

static int fill(struct oct_train_kernels kernels[SETS])
{
    int count = 1;
    oct_train_kernels_fill_plain(&kernels[0]);
#ifdef __x86_64__
    const unsigned sets = oct_cpu_sets();
    if (sets & OCT_CPU_AVX2)
        oct_train_kernels_fill_avx2(&kernels[count++]);
    if (sets & OCT_CPU_AVX512)
        oct_train_kernels_fill_avx512(&kernels[count++]);
#endif
    return count;
}

static void draw(void)
{
    struct test_random random = test_random_of(11);
    for (int i = 0; i < COUNT; i++) {
        sums[i] = test_float(&random, -12.0f, 12.0f);
        residual[i] = test_float(&random, -3.0f, 3.0f);
        gradient[i] = test_float(&random, -1.0f, 1.0f);
        teacher[i] = sums[i] + test_float(&random, -2.0f, 2.0f);
    }
    sums[0] = 200.0f;
    sums[1] = -200.0f;
    sums[2] = teacher[2] = 0.0f;
    teacher[3] = 90.0f;
}

static void test_sets_give_the_same_bits(void **state)
{
    struct oct_train_kernels kernels[SETS];
    const int count = fill(kernels);
    (void)state;
    draw();
    for (int a = 0; a < OCT_ACTIVATION_COUNT; a++) {
        const struct oct_coded_activation how = {(enum oct_activation)a, 0.1f, {0.031f, 9}};
        for (int k = 0; k < count; k++)
            run(&kernels[k], &how, &all[k]);
        for (int k = 1; k < count; k++)
            assert_memory_equal(&all[k], &all[0], sizeof all[0]);
    }
}

/* What `residual` added to the activation is, and its slope by differences. */
static void expect_activation(const struct oct_coded_activation *how, const struct results *r)
{
    for (int i = 3; i < ODD; i++) {
        const double y = (double)sums[i], slope = (double)how->slope;
        const double value = oct_activation_exact(how->activation, slope, y);
        const double step = 1e-4;
        const double difference = (oct_activation_exact(how->activation, slope, y + step) -
                                   oct_activation_exact(how->activation, slope, y - step)) /
                                  (2.0 * step);
        assert_true(fabs((double)r->in_place[i] - value) <= 2e-6 * fmax(1.0, fabs(value)));
        assert_true(fabs((double)r->values[i] - value - (double)residual[i]) <=
                    4e-6 * fmax(1.0, fabs(value)));
        if (fabs(y) > 2.0 * step && fabs(fabs(y) - 3.0) > 2.0 * step) /* where there are corners */
            assert_true(fabs((double)r->back[i] - (double)gradient[i] * difference) <= 1e-5);
    }
}

static void expect_codes(const struct oct_coded_activation *how, const struct results *r)
{
    const struct oct_quantization q = how->quantization;
    const float inverse = 1.0f / q.scale;
    double scale = 0.0;
    for (int i = 0; i < ODD; i++) {
        const float v = r->values[i] * inverse, steps = rintf(v);
        const bool inside = steps >= (float)-q.zero_point && steps <= (float)(255 - q.zero_point);
        assert_int_equal(r->codes[i], oct_requantize(r->values[i], inverse, q.zero_point));
        assert_true(r->decoded[i] <= oct_dequantize(r->codes[i], q.scale, q.zero_point) &&
                    r->decoded[i] >= oct_dequantize(r->codes[i], q.scale, q.zero_point));
        assert_float_equal(r->coded_gradient[i], inside ? gradient[i] : 0.0f, 0.0f);
        scale += (double)gradient[i] *
                 ((double)(r->codes[i] - q.zero_point) - (inside ? (double)v : 0.0));
    }
    assert_float_equal(r->scale, scale * (double)q.scale, 1e-4 * fabs(scale));
}

static void test_activations_and_codes(void **state)
{
    struct oct_train_kernels kernels[SETS];
    (void)state;
    fill(kernels);
    draw();
    for (int a = 0; a < OCT_ACTIVATION_COUNT; a++) {
        const struct oct_coded_activation how = {(enum oct_activation)a, 0.1f, {0.031f, 9}};
        run(&kernels[0], &how, &all[0]);
        expect_activation(&how, &all[0]);
        expect_codes(&how, &all[0]);
    }
}

static double softplus(double x)
{
    return x > 0.0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

static void test_losses(void **state)
{
    struct oct_train_kernels kernels[SETS];
    const struct oct_coded_activation how = {OCT_ACTIVATION_SILU, 0.0f, {0.031f, 9}};
    double classes = 0.0, bins = 0.0;
    (void)state;
    fill(kernels);
    draw();
    run(&kernels[0], &how, &all[0]);
    for (int i = 0; i < ODD; i++) {
        const double s = (double)sums[i], t = (double)teacher[i], p = 1.0 / (1.0 + exp(-t));
        classes += p * (t - s) + softplus(s) - softplus(t);
        assert_float_equal(all[0].classes[i], 1.0 / (1.0 + exp(-s)) - p, 1e-6);
    }
    assert_float_equal(all[0].class_loss, classes, 1e-4 * classes);
    for (int i = 0; i + 17 <= ODD; i += 17) {
        double sum[2] = {0.0, 0.0}, divergence = 0.0;
        for (int k = i; k < i + 17; k++) {
            sum[0] += exp((double)sums[k] - 200.0);
            sum[1] += exp((double)teacher[k] - 200.0);
        }
        for (int k = i; k < i + 17; k++) {
            const double a = exp((double)sums[k] - 200.0) / sum[0];
            const double b = exp((double)teacher[k] - 200.0) / sum[1];
            divergence += b * (log(b) - log(a));
            assert_float_equal(all[0].bins[k], 0.7 * (a - b), 1e-6);
        }
        bins += 0.7 * divergence;
    }
    assert_float_equal(all[0].bin_loss, bins, 1e-4 * bins);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sets_give_the_same_bits),
        cmocka_unit_test(test_activations_and_codes),
        cmocka_unit_test(test_losses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
