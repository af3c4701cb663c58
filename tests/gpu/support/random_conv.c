/* SPDX-License-Identifier: Apache-2.0 */
/* Random shapes that suit a tile, which is then forced upon the convolution's step. */
#include "random_conv.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Sums in another order, in single precision. */
#define FLOAT_TOLERANCE 1e-4
/* Inputs are rounded to 8 bits, and the output: 0.01 was measured. */
#define HALF_TOLERANCE 0.03

static struct conv_case current;

static int any_of(struct test_random *random, const int *values, int count)
{
    return values[test_int(random, 0, count - 1)];
}

static bool one_in(struct test_random *random, int count)
{
    return test_int(random, 1, count) == 1;
}

static enum oct_activation any_activation(struct test_random *random, struct conv_shape *s)
{
    s->activation = (enum oct_activation)test_int(random, 0, OCT_ACTIVATION_COUNT - 1);
    if (oct_activation_row(s->activation)->has_slope)
        s->slope = test_float(random, 0.0f, 1.0f);
    return s->activation;
}

/* ---- shapes ---- */

static int output_side(int side, const struct conv_shape *s)
{
    return (side + 2 * s->padding - s->kernel) / s->stride + 1;
}

/* Nothing of it depends on the input's channels. */
static void choose_sizes(struct test_random *random, int most, struct conv_shape *s)
{
    s->height = test_int(random, 1, most);
    s->width = one_in(random, 6) ? 60 : test_int(random, 1, most);
    if (s->width == 60)
        s->height = test_int(random, 1, 3);
    while (output_side(s->height, s) < 1 || s->height + 2 * s->padding < s->kernel)
        s->height++;
    while (output_side(s->width, s) < 1 || s->width + 2 * s->padding < s->kernel)
        s->width++;
    s->images = one_in(random, 3) ? test_int(random, 2, CASE_IMAGES_MAX) : test_int(random, 1, 2);
    s->first_images = one_in(random, 3) ? test_int(random, 0, s->images - 1) : 0;
}

/* Parts of the input that are upsampled, slices of it, and what stands beside the output. */
static void choose_views(struct test_random *random, struct conv_shape *s)
{
    int all = 0;
    for (int i = 0; i < CASE_INPUTS && s->channels[i]; i++) {
        all += s->channels[i];
        if (one_in(random, 4)) {
            s->is_enlarged[i] = true;
            s->height += s->height % 2;
            s->width += s->width % 2;
        }
    }
    if (one_in(random, 3)) {
        s->skipped = test_int(random, 0, all - 1);
        s->left = test_int(random, 0, all - 1 - s->skipped);
    }
    if (one_in(random, 4)) {
        s->beside = test_int(random, 1, 40);
        s->is_last = test_int(random, 0, 1);
    }
    if (one_in(random, 3))
        s->residual_skipped = test_int(random, 0, 2) * 16 + (one_in(random, 3) ? 5 : 0);
}

/* A shape for a tile; the fewer products the larger its channels are. */
static struct conv_shape any_shape(struct test_random *random, const struct oct_gpu_tile *tile)
{
    static const int kernels[] = {1, 1, 1, 3, 3, 3, 3, 3, 2, 5, 6, 7};
    static const int channels[] = {16, 48, 80, 96, 136, 7};
    struct conv_shape s = {
        .kernel = any_of(random, kernels, 12), .stride = 1, .outputs = tile->channels};
    /* larger ones do not fit every GPU's shared memory */
    const int most_stride = s.kernel > 6 ? 2 : s.kernel > 5 ? 3 : 4;
    s.stride = test_int(random, 1, one_in(random, 4) ? most_stride : 2);
    if (tile->by_rows) {
        s.kernel = 3;
        s.stride = 1;
    }
    if (tile->channels <= 32 && one_in(random, 3))
        s.outputs *= 2;
    s.outputs -= test_int(random, 0, 2) * 3;
    s.padding = test_int(random, 0, s.kernel / 2);
    s.channels[0] = any_of(random, channels, s.kernel > 3 ? 2 : 6);
    if (one_in(random, 3)) {
        s.channels[1] = any_of(random, channels, s.kernel > 3 ? 1 : 3);
        s.channels[2] = test_int(random, 0, 1) * 16;
    }
    choose_sizes(random, s.kernel > 3 || tile->channels > 64 ? 12 : 20, &s);
    choose_views(random, &s);
    return s;
}

/* ---- tiles ---- */

/* Scales of codes: with the first, SiLU's lowest value is hardly within what code_of() in
 * finish.cuh takes (2^22 steps), with the second it and what a residual of codes adds; with the
 * third both are far from it; with the last all values come to one code or two. */
#define EDGE 7.2e-8f
#define EDGE_ADDED 3.6e-6f
#define TINY 1e-9f
#define COARSE 100.0f

static const struct conv_finish finishes[] = {
    {"conv_u8_silu", OCT_TYPE_U8, OCT_TYPE_U8, true, false, OCT_TYPE_U8, true, false, EDGE, false},
    {"conv_u8_residual", OCT_TYPE_U8, OCT_TYPE_U8, true, true, OCT_TYPE_U8, true, false, EDGE_ADDED,
     false},
    {"conv_u8_values", OCT_TYPE_U8, OCT_TYPE_F32, false, false, OCT_TYPE_U8, false, false, 0.0f,
     false},
    {"conv_u8_any", OCT_TYPE_U8, OCT_TYPE_U8, false, false, OCT_TYPE_U8, false, true, TINY, false},
    {"conv_u8_any", OCT_TYPE_U8, OCT_TYPE_F32, true, true, OCT_TYPE_U8, false, true, 0.0f, false},
    {"conv_u8_any", OCT_TYPE_U8, OCT_TYPE_U8, true, true, OCT_TYPE_F32, false, true, TINY, false},
    {"conv_u8_any", OCT_TYPE_U8, OCT_TYPE_U8, false, true, OCT_TYPE_U8, false, true, TINY, false},
    {"conv_bf16_silu", OCT_TYPE_BF16, OCT_TYPE_BF16, true, false, OCT_TYPE_BF16, true, false, 0.0f,
     false},
    {"conv_bf16_values", OCT_TYPE_BF16, OCT_TYPE_F32, false, false, OCT_TYPE_BF16, false, true,
     0.0f, false},
    {"conv_bf16_any", OCT_TYPE_BF16, OCT_TYPE_BF16, true, true, OCT_TYPE_BF16, false, true, 0.0f,
     false},
    {"conv_bf16_any", OCT_TYPE_BF16, OCT_TYPE_F32, true, true, OCT_TYPE_F32, false, true, 0.0f,
     false},
    {"conv_u8_any", OCT_TYPE_U8, OCT_TYPE_U8, true, false, OCT_TYPE_U8, false, true, TINY, true},
    {"conv_u8_any", OCT_TYPE_U8, OCT_TYPE_U8, true, true, OCT_TYPE_U8, false, true, TINY, true},
};

const struct conv_finish *conv_finishes(int *count)
{
    *count = (int)(sizeof finishes / sizeof *finishes);
    return finishes;
}

/* Forces the tile, now and then with few groups a chunk or as little shared memory as it fits in;
 * false: it does not fit at all. */
static bool force_tile(struct conv_trial *trial, const struct oct_gpu_tile *tile)
{
    struct oct_gpu_step *step = &current.plan.steps[current.step];
    const int how = test_int(&trial->random, 0, 3);
    const int most_groups = how == 0 ? test_int(&trial->random, 1, 8) : INT_MAX;
    if (!oct_gpu_step_tile(step, tile, trial->device->limits.shared_bytes_a_block, most_groups))
        return false;
    if (how == 1)
        for (size_t room = step->shared_bytes; room > 4096; room -= room / 8)
            if (!oct_gpu_step_tile(step, tile, room, INT_MAX))
                break;
    trial->chunked += step->of.conv.chunks > 1;
    return true;
}

static void make(struct conv_trial *trial, const struct conv_shape *shape)
{
    conv_case_make(&current, trial->ctx, &trial->random, shape, &trial->device->limits);
}

static void check(struct conv_trial *trial, double tolerance)
{
    conv_case_check(&current, trial->ctx, trial->device, tolerance);
    if (trial->tally)
        kernel_tally_add(trial->tally, current.plan.steps[current.step].kernel);
}

static bool check_tile(struct conv_trial *trial, const struct conv_finish *finish,
                       const struct oct_gpu_tile *tile)
{
    struct conv_shape shape = any_shape(&trial->random, tile);
    shape.type = finish->type;
    shape.output = finish->output;
    shape.activation = finish->silu ? OCT_ACTIVATION_SILU : OCT_ACTIVATION_NONE;
    if (strstr(finish->family, "_any") && one_in(&trial->random, 2))
        while (any_activation(&trial->random, &shape) <= OCT_ACTIVATION_SILU)
            ;
    shape.is_added = finish->is_added;
    shape.residual = finish->residual;
    if (finish->is_always || (finish->scale > 0.0f && one_in(&trial->random, 4)))
        shape.scale = finish->is_always || one_in(&trial->random, 2) ? finish->scale : COARSE;
    make(trial, &shape);
    const bool fits = force_tile(trial, tile);
    assert_string_equal(current.plan.steps[current.step].family, finish->family);
    if (fits)
        check(trial, finish->type == OCT_TYPE_BF16 ? HALF_TOLERANCE : 0.0);
    conv_case_free(&current, trial->ctx);
    return fits;
}

void conv_trial_tiles(struct conv_trial *trial, const struct conv_finish *finish, int cases)
{
    int count;
    const struct oct_gpu_tile *tiles =
        finish->few ? oct_gpu_tiles_few(&count) : oct_gpu_tiles(&count);
    for (int i = 0; i < count; i++) {
        int done = 0;
        if (tiles[i].by_rows && !finish->rows)
            continue;
        for (int tries = 0; done < cases && tries < 4 * cases + 20; tries++)
            done += check_tile(trial, finish, &tiles[i]);
        assert_int_equal(done, cases);
    }
}

/* ---- others ---- */

/* Each of oct_gpu_pixels_kernel()'s: by the channels of the output and the size of its kernel. */
void conv_trial_pixels(struct conv_trial *trial, int cases)
{
    static const struct {
        int least, most, channels;
    } rows[] = {{1, 4, 32}, {1, 4, 16}, {5, 8, 16}, {9, 15, 16}};
    static const enum oct_type types[] = {OCT_TYPE_U8, OCT_TYPE_U8, OCT_TYPE_F32};
    static const float scales[] = {0.0f, 0.0f, 0.0f, EDGE, TINY, COARSE};
    struct test_random *random = &trial->random;
    for (int i = 0; i < 4 * cases; i++) {
        const int at = i % 4, most = rows[at].channels == 32 ? 2 : 1;
        struct conv_shape shape = {
            .kernel = test_int(random, rows[at].least, rows[at].most),
            .stride = test_int(random, 1, 3),
            .outputs = rows[at].channels * test_int(random, 1, most) - test_int(random, 0, 15),
            .type = OCT_TYPE_U8,
            .output = types[test_int(random, 0, 2)],
            .scale = scales[test_int(random, 0, 5)],
            .activation = test_int(random, 0, 3) > 0 ? OCT_ACTIVATION_SILU : OCT_ACTIVATION_NONE};
        while (i / 4 % 2 && any_activation(random, &shape) <= OCT_ACTIVATION_SILU)
            ;
        shape.padding = test_int(random, 0, shape.kernel / 2);
        choose_sizes(random, 40, &shape);
        make(trial, &shape);
        assert_int_equal(current.plan.steps[current.step].kind, OCT_GPU_PIXELS);
        check(trial, 0.0);
        conv_case_free(&current, trial->ctx);
    }
}

void conv_trial_floats(struct conv_trial *trial, int cases)
{
    const struct oct_gpu_tile any = {.channels = 32};
    for (int i = 0; i < cases; i++) {
        struct conv_shape shape = any_shape(&trial->random, &any);
        shape.type = shape.output = shape.residual = OCT_TYPE_F32;
        any_activation(&trial->random, &shape);
        shape.is_added = i % 3 == 0;
        make(trial, &shape);
        check(trial, FLOAT_TOLERANCE);
        conv_case_free(&current, trial->ctx);
    }
}

/* ---- each channel by itself ---- */

static const struct depthwise_kernel of_channels[] = {
    {"depthwise_u8_k3_s1", OCT_TYPE_U8, 3, 1}, {"depthwise_u8_k3_s2", OCT_TYPE_U8, 3, 2},
    {"depthwise_u8_k5_s1", OCT_TYPE_U8, 5, 1}, {"depthwise_u8_k5_s2", OCT_TYPE_U8, 5, 2},
    {"depthwise_u8_k7_s1", OCT_TYPE_U8, 7, 1}, {"depthwise_u8_k7_s2", OCT_TYPE_U8, 7, 2},
    {"depthwise_u8_any", OCT_TYPE_U8, 0, 0},   {"depthwise_f32", OCT_TYPE_F32, 0, 0},
    {"depthwise_bf16", OCT_TYPE_BF16, 0, 0},
};

const struct depthwise_kernel *depthwise_kernels(int *count)
{
    *count = (int)(sizeof of_channels / sizeof *of_channels);
    return of_channels;
}

/* Sizes of no kernel's own, of codes. */
static void choose_window(struct test_random *random, const struct depthwise_kernel *kernel,
                          struct conv_shape *s)
{
    do {
        s->kernel =
            kernel->kernel ? kernel->kernel : test_int(random, 1, one_in(random, 4) ? 15 : 8);
        s->stride =
            kernel->stride ? kernel->stride : test_int(random, 1, one_in(random, 4) ? 8 : 3);
    } while (!kernel->kernel && kernel->type == OCT_TYPE_U8 && s->kernel % 2 && s->kernel > 1 &&
             s->kernel < 9 && s->stride < 3);
    s->padding = test_int(random, 0, s->kernel - 1);
}

static struct conv_shape any_depthwise(struct test_random *random,
                                       const struct depthwise_kernel *kernel)
{
    static const enum oct_type others[] = {OCT_TYPE_U8, OCT_TYPE_F32, OCT_TYPE_BF16};
    static const float scales[] = {0.0f, 0.0f, 0.0f, TINY, COARSE};
    static const int channels[] = {16, 32, 48, 80, 136, 7, 36};
    struct conv_shape s = {.is_depthwise = true, .type = kernel->type};
    choose_window(random, kernel, &s);
    s.channels[0] = one_in(random, 8) ? 0 : any_of(random, channels, 7);
    if (s.channels[0] && one_in(random, 3))
        s.channels[1] = any_of(random, channels, 7);
    any_activation(random, &s);
    s.is_added = one_in(random, 2);
    s.output = s.residual = s.type;
    if (kernel->type == OCT_TYPE_U8) {
        s.scale = scales[test_int(random, 0, 4)];
        s.output = others[test_int(random, 0, 1)];
        /* the plain evaluation does not round what is stored as BF16: no code is certain then */
        s.residual = others[test_int(random, 0, s.output == OCT_TYPE_U8 ? 1 : 2)];
    } else if (one_in(random, 3)) {
        s.output = OCT_TYPE_F32;
    }
    choose_sizes(random, 24, &s);
    if (s.channels[0])
        choose_views(random, &s);
    if (s.channels[0] + s.channels[1] - s.skipped - s.left == 1) /* which is no channel of many */
        s.skipped = s.left = 0;
    return s;
}

void conv_trial_depthwise(struct conv_trial *trial, int cases)
{
    int count;
    const struct depthwise_kernel *kernels = depthwise_kernels(&count);
    for (int i = 0; i < count * cases; i++) {
        const struct depthwise_kernel *kernel = &kernels[i % count];
        const struct conv_shape shape = any_depthwise(&trial->random, kernel);
        make(trial, &shape);
        assert_string_equal(current.plan.steps[current.step].kernel, kernel->name);
        const bool halves =
            kernel->type == OCT_TYPE_BF16 || (shape.is_added && shape.residual == OCT_TYPE_BF16);
        check(trial, halves                         ? HALF_TOLERANCE
                     : kernel->type == OCT_TYPE_F32 ? FLOAT_TOLERANCE
                                                    : 0.0);
        conv_case_free(&current, trial->ctx);
    }
}
