/* SPDX-License-Identifier: Apache-2.0 */
/* Random heads, areas and sizes, few channels and many, and what no product is as wide as. */
#include "random_attention.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Sums in another order, in single precision, and exponentials of them. */
#define FLOAT_TOLERANCE 1e-4
/* Inputs are rounded to 8 bits, and the output; scores come of them. */
#define HALF_TOLERANCE 0.03

static struct conv_case current;

static const struct kernel {
    const char *name;
    enum oct_type type;
    bool deep; /* more channels of q and k than a product has */
} kernels[] = {
    {"attention_u8_32", OCT_TYPE_U8, false},
    {"attention_u8_any", OCT_TYPE_U8, true},
    {"attention_f32", OCT_TYPE_F32, false},
    {"attention_bf16", OCT_TYPE_BF16, false},
};

static void run(struct conv_trial *trial, const struct kernel *kernel,
                const struct conv_shape *shape)
{
    conv_case_make(&current, trial->ctx, &trial->random, shape, &trial->device->limits);
    assert_string_equal(current.plan.steps[current.step].kernel, kernel->name);
    conv_case_check(&current, trial->ctx, trial->device,
                    kernel->type == OCT_TYPE_BF16  ? HALF_TOLERANCE
                    : kernel->type == OCT_TYPE_F32 ? FLOAT_TOLERANCE
                                                   : 0.0);
    if (trial->tally)
        kernel_tally_add(trial->tally, kernel->name);
    conv_case_free(&current, trial->ctx);
}

static int any_of(struct test_random *random, const int *values, int count)
{
    return values[test_int(random, 0, count - 1)];
}

static struct conv_shape any_shape(struct test_random *random, const struct kernel *kernel)
{
    static const int narrow[] = {4, 8, 12, 16, 20, 28, 32, 32}, deep[] = {36, 48, 64, 100, 132};
    static const int values[] = {4, 8, 12, 24, 32, 32, 36, 64, 64, 68, 100, 132};
    static const int areas[] = {1, 1, 2, 3, 4, 4};
    static const float factors[] = {0.05f, 0.4f, 4.0f};
    struct conv_shape s = {.kernel = 1,
                           .stride = 1,
                           .type = kernel->type,
                           .output = kernel->type,
                           .heads = test_int(random, 1, 4),
                           .areas = any_of(random, areas, 6)};
    s.each.key = kernel->deep ? any_of(random, deep, 5) : any_of(random, narrow, 8);
    s.each.value = any_of(random, values, 12);
    s.factor = factors[test_int(random, 0, 2)] / sqrtf((float)s.each.key);
    s.height = s.areas * test_int(random, 1, 20 / s.areas);
    s.width = test_int(random, 1, 20);
    s.images = test_int(random, 1, 3);
    s.first_images = test_int(random, 0, s.images - 1);
    if (test_int(random, 0, 2) == 0)
        s.output = OCT_TYPE_F32;
    if (test_int(random, 0, 2) == 0) {
        s.beside = test_int(random, 1, 40);
        s.is_last = test_int(random, 0, 1);
    }
    return s;
}

void attention_trial(struct conv_trial *trial, int cases)
{
    static const struct conv_shape many = {.kernel = 1,
                                           .stride = 1,
                                           .type = OCT_TYPE_U8,
                                           .output = OCT_TYPE_U8,
                                           .heads = 1,
                                           .areas = 1,
                                           .each = {4, 4},
                                           .factor = 0.02f,
                                           .height = 43,
                                           .width = 48,
                                           .images = 1};
    const int count = (int)(sizeof kernels / sizeof *kernels);
    for (int i = 0; i < count * cases; i++) {
        const struct conv_shape shape = any_shape(&trial->random, &kernels[i % count]);
        run(trial, &kernels[i % count], &shape);
    }
    run(trial, &kernels[0], &many);
}
