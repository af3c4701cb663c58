/* SPDX-License-Identifier: Apache-2.0 */
/* Random convolutions against the plain C reference: U8 and F32 to the bit, BF16 within the
 * rounding of its sums; and the reference of F32 against sums in double precision. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/check.h"
#include "network/requantize.h"
#include "runtime/backend/cpu/kernels/ref/ref.h"

/* What the numbers are like. */
enum kind { KIND_ANY, KIND_EXTREME, KIND_TIES, KIND_WILD, KIND_COUNT };

struct conv_case {
    struct oct_conv_job job;
    enum kind kind;
    enum oct_type type;
    bool transformed; /* the kernel adds up something else */
    struct check_memory input, codes, values, packed, residual, start, scale, bias, scratch;
    struct check_weights stored; /* of `codes` and `values`, which are dense */
    bool bf16_weights;           /* F32: they are stored as BF16 */
    struct check_memory expected, output, expected_packed;
    struct check_memory unrounded; /* `expected` as floats, laid out like it: for codes of floats */
    size_t output_offset;
};

static int random_channels(struct check_random *random)
{
    static const int common[] = {4,  8,  12, 16, 20, 28,  32,  48,  60,
                                 64, 68, 80, 84, 96, 100, 128, 144, 160};
    if (check_int(random, 0, 7) == 0)
        return 4 * check_int(random, 1, 160);
    return common[check_int(random, 0, (int)(sizeof common / sizeof common[0]) - 1)];
}

/* Products of a sum. */
static int depth_of(const struct oct_conv_shape *shape)
{
    return shape->kernel * shape->kernel * (shape->depthwise ? 1 : shape->input_channels);
}

static struct oct_conv_shape random_shape(const struct oct_conv_kernel *kernel,
                                          struct check_random *random, int turn)
{
    static const int kernels[] = {1, 3, 3, 5};
    const int least = kernel->fits ? 4 : 1;
    struct oct_conv_shape shape = {.kernel = kernels[check_int(random, 0, 3)],
                                   .stride = check_int(random, 1, 2)};
    shape.input_channels = turn % 5 == 0 ? 4 : random_channels(random);
    shape.output_channels = random_channels(random);
    shape.output_width =
        check_int(random, 0, 3) ? check_int(random, 1, 48) : check_int(random, 1, 5);
    shape.output_height = check_int(random, 1, 5);
    if (kernel->fits) { /* what any of them can do */
        shape.kernel = 3;
        shape.stride = 1;
        shape.output_height = check_int(random, least, 14);
        shape.output_width += shape.output_width < least ? least : 0;
    }
    if (kernel->depthwise) {
        static const int sides[] = {1, 3, 3, 5, 7};
        shape.depthwise = true;
        shape.kernel = sides[check_int(random, 0, 4)];
        shape.input_channels = shape.output_channels;
    }
    const double limit = 2e6; /* multiply-adds: the harness must stay quick */
    while ((double)depth_of(&shape) * shape.output_channels * shape.output_width *
                   shape.output_height >
               limit &&
           (shape.output_width > least || shape.output_height > least)) {
        if (shape.output_height > least)
            shape.output_height--;
        else
            shape.output_width =
                shape.output_width > 2 * least ? (shape.output_width + 1) / 2 : least;
    }
    return shape;
}

static float random_value(struct check_random *random, enum kind kind)
{
    static const float wild[] = {INFINITY, -INFINITY, NAN,  3e38f, -3e38f,       1e-40f,
                                 0.0f,     -0.0f,     1e9f, -1e9f, 2147483648.0f};
    if (kind == KIND_WILD && check_int(random, 0, 3) == 0)
        return wild[check_int(random, 0, (int)(sizeof wild / sizeof wild[0]) - 1)];
    return check_float(random, -8.0f, 8.0f);
}

/* A view of `channels` in a wider random tensor that begins `before` channels earlier. */
static struct oct_view random_view(struct check_random *random, enum oct_type type, int channels,
                                   int width, size_t *before)
{
    *before = check_int(random, 0, 1) ? 4u * (size_t)check_int(random, 0, 5) : 0;
    const size_t after = *before ? 4u * (size_t)check_int(random, 0, 5) : 0;
    struct oct_view view = {.type = type, .pixel = *before + (size_t)channels + after};
    view.row = view.pixel * (size_t)width + (size_t)check_int(random, 0, 3) * 4u;
    view.quantization.zero_point = check_int(random, 0, 2) ? check_int(random, 0, 255) : 0;
    view.quantization.scale = check_float(random, 0.005f, 0.1f);
    view.inverse_scale = 1.0f / view.quantization.scale;
    return view;
}

static size_t view_elements(const struct oct_view *view, size_t before, int channels, int width,
                            int height)
{
    return (size_t)(height - 1) * view->row + (size_t)(width - 1) * view->pixel + before +
           (size_t)channels;
}

static void fill_floats(struct check_random *random, struct check_memory *memory, enum kind kind)
{
    float *values = (float *)(void *)memory->bytes;
    for (size_t i = 0; i < memory->size / sizeof(float); i++)
        values[i] =
            kind == KIND_WILD ? random_value(random, kind) : check_float(random, -2.0f, 2.0f);
}

/* Of many sizes, subnormal ones among them, and now and then no number. */
static void fill_wild_input(struct check_random *random, struct check_memory *memory)
{
    float *values = (float *)(void *)memory->bytes;
    for (size_t i = 0; i < memory->size / sizeof(float); i++)
        values[i] = check_int(random, 0, 99) == 0
                        ? random_value(random, KIND_WILD)
                        : ldexpf(check_float(random, -2.0f, 2.0f), -check_int(random, 0, 140));
}

static void fill_halves(struct check_random *random, enum oct_type type,
                        struct check_memory *memory, enum kind kind)
{
    uint16_t *halves = (uint16_t *)(void *)memory->bytes;
    for (size_t i = 0; i < memory->size / sizeof *halves; i++)
        halves[i] = check_half_of(type, kind == KIND_WILD ? random_value(random, kind)
                                                          : check_float(random, -2.0f, 2.0f));
}

/* What lies between pixels, and behind them, is no number: kernels may read it, not use it. */
static void spoil_neighbours(struct conv_case *c, size_t before, int width, int height)
{
    const struct oct_view *view = &c->job.input;
    const size_t channels = (size_t)c->job.shape.input_channels;
    const size_t bytes = oct_type_bytes(view->type);
    for (size_t i = 0; i < c->input.size / bytes; i++) {
        const size_t at = i - before; /* wraps for what stands before */
        const bool used = i >= before && at / view->row < (size_t)height &&
                          at % view->row / view->pixel < (size_t)width &&
                          at % view->row % view->pixel < channels;
        if (!used)
            memset(c->input.bytes + i * bytes, 0xff, bytes);
    }
}

static void make_input(struct check_random *random, struct conv_case *c)
{
    const struct oct_conv_shape *shape = &c->job.shape;
    const int width = (shape->output_width - 1) * shape->stride + shape->kernel;
    const int height = (shape->output_height - 1) * shape->stride + shape->kernel;
    size_t before;
    struct oct_view *view = &c->job.input;
    *view = random_view(random, c->type, shape->input_channels, width, &before);
    const size_t bytes = oct_type_bytes(view->type);
    const size_t elements = view_elements(view, before, shape->input_channels, width, height);
    c->input = check_allocate(random, elements * bytes, 64);
    view->data = c->input.bytes + before * bytes;
    c->job.shape.input_pixel = (int)view->pixel;
    if (c->type == OCT_TYPE_F32 && c->kind == KIND_WILD)
        fill_wild_input(random, &c->input);
    else if (c->type == OCT_TYPE_F32)
        fill_floats(random, &c->input, KIND_ANY);
    else if (check_is_half(c->type))
        fill_halves(random, c->type, &c->input, KIND_ANY);
    if (c->type != OCT_TYPE_U8)
        spoil_neighbours(c, before, width, height);
    else if (c->kind == KIND_EXTREME)
        memset(c->input.bytes, 255, c->input.size);
}

static void make_weights(struct check_random *random, struct conv_case *c)
{
    const struct oct_conv_shape *shape = &c->job.shape;
    const size_t depth = (size_t)depth_of(shape);
    const size_t count = depth * (size_t)shape->output_channels;
    c->codes = check_allocate(random, count, 0);
    c->values = check_allocate(random, count * sizeof(float), 0);
    fill_floats(random, &c->values, KIND_ANY);
    float *values = (float *)(void *)c->values.bytes;
    c->bf16_weights = check_is_half(c->type) || check_int(random, 0, 3) == 0;
    for (size_t i = 0; i < count && c->bf16_weights; i++)
        values[i] = oct_bf16_value(oct_bf16_of(values[i]));
    for (size_t i = 0; i < count; i++) {
        int8_t *code = (int8_t *)c->codes.bytes + i;
        if (c->kind == KIND_EXTREME)
            *code = (i / depth) & 1 ? 127 : -127;
        else if (c->kind == KIND_TIES) /* sums must stay small, see make_constants() */
            *code = i % depth == 0 ? 1 : 0;
        else if (*code == -128)
            *code = -127;
    }
}

static void make_constants(struct check_random *random, struct conv_case *c)
{
    const size_t padded = ((size_t)c->job.shape.output_channels + 63) / 64 * 64;
    const size_t depth = (size_t)depth_of(&c->job.shape);
    c->start = check_allocate(random, padded * 4, 0);
    c->scale = check_allocate(random, padded * 4, 0);
    c->bias = check_allocate(random, padded * 4, 0);
    for (size_t i = 0; i < padded; i++) {
        /* Ties: half codes, most of them in range. */
        const int most = c->kind == KIND_TIES ? 300 : 100000;
        ((int32_t *)(void *)c->start.bytes)[i] = check_int(random, -most, most);
        float scale = check_float(random, 0.3f, 1.0f) * 5e-4f / sqrtf((float)depth);
        if (c->kind == KIND_TIES)
            scale = 0.03125f;
        if (c->kind == KIND_WILD && check_int(random, 0, 3) == 0)
            scale = random_value(random, KIND_WILD);
        ((float *)(void *)c->scale.bytes)[i] = scale;
        ((float *)(void *)c->bias.bytes)[i] =
            c->kind == KIND_TIES ? 0.0f : random_value(random, c->kind);
    }
    c->job.start = (const int32_t *)(const void *)c->start.bytes;
    c->job.scale = (const float *)(const void *)c->scale.bytes;
    c->job.bias = (const float *)(const void *)c->bias.bytes;
}

/* The largest `reach` that a kernel takes for a shape. */
static int32_t largest_reach(const struct oct_conv_kernel *kernel, struct oct_conv_shape shape)
{
    int32_t low = 0, high = INT32_MAX; /* low is taken */
    while (kernel->fits && low < high) {
        shape.reach = low + (high - low) / 2 + 1;
        if (kernel->fits(&shape))
            low = shape.reach;
        else
            high = shape.reach - 1;
    }
    return high;
}

/* Some kernels take no sums beyond a limit; just below it they must be right: weights that would go
 * beyond become zeros. */
static void bound_sums(const struct oct_conv_kernel *kernel, struct conv_case *c)
{
    struct oct_conv_shape *shape = &c->job.shape;
    const size_t depth = (size_t)depth_of(shape);
    const int32_t limit = largest_reach(kernel, *shape);
    int8_t *code = (int8_t *)c->codes.bytes;
    shape->reach = 0;
    for (size_t n = 0; n < (size_t)shape->output_channels; n++) {
        int32_t sum = abs(c->job.start[n]);
        for (size_t k = 0; k < depth; k++, code++) {
            if (255 * abs(*code) > limit - sum)
                *code = 0;
            sum += 255 * abs(*code);
        }
        shape->reach = sum > shape->reach ? sum : shape->reach;
    }
}

static void make_output(struct check_random *random, struct conv_case *c)
{
    const struct oct_conv_shape *shape = &c->job.shape;
    const int width = shape->output_width, height = shape->output_height;
    const enum oct_type usual = c->type;
    const enum oct_type other =
        (enum oct_type)((int)(c->type + check_int(random, 1, CHECK_TYPES - 1)) % CHECK_TYPES);
    size_t before;
    struct oct_view *view = &c->job.output;
    *view = random_view(random, check_int(random, 0, 2) ? usual : other, shape->output_channels,
                        width, &before);
    const size_t elements = view_elements(view, before, shape->output_channels, width, height);
    const size_t bytes = oct_type_bytes(view->type);
    c->output_offset = before * bytes;
    c->expected = check_allocate(random, elements * bytes, 0);
    c->output = check_allocate(random, elements * bytes, 0);
    memcpy(c->expected.bytes, c->output.bytes, c->output.size);
    if (c->kind == KIND_TIES) {
        view->quantization.scale = 0.0625f;
        view->inverse_scale = 16.0f;
    }
    if (c->kind == KIND_WILD && check_int(random, 0, 1))
        view->inverse_scale = check_int(random, 0, 1) ? 1e30f : 1e-30f;
    if (check_int(random, 0, 1))
        return;
    view = &c->job.residual;
    *view = random_view(random, check_int(random, 0, 3) ? usual : other, shape->output_channels,
                        width, &before);
    const size_t taken = view_elements(view, before, shape->output_channels, width, height);
    c->residual = check_allocate(random, taken * oct_type_bytes(view->type), 0);
    view->data = c->residual.bytes + before * oct_type_bytes(view->type);
    if (view->type == OCT_TYPE_F32)
        fill_floats(random, &c->residual, c->kind);
    if (check_is_half(view->type))
        fill_halves(random, view->type, &c->residual, c->kind);
}

static void release_case(struct conv_case *c)
{
    struct check_memory *all[] = {&c->input,    &c->codes,    &c->values, &c->packed,
                                  &c->residual, &c->start,    &c->scale,  &c->bias,
                                  &c->scratch,  &c->expected, &c->output, &c->expected_packed,
                                  &c->unrounded};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        check_release(all[i]);
    check_release_weights(&c->stored);
}

static void run_whole(struct conv_case *c, const struct oct_conv_kernel *kernel, const void *packed,
                      uint8_t *output)
{
    c->job.packed = packed;
    c->job.output.data = output + c->output_offset;
    const struct oct_conv_shape *shape = &c->job.shape;
    const struct oct_conv_range all = {0, shape->output_height, 0, shape->output_channels};
    kernel->run(&c->job, &all, c->scratch.bytes);
}

/* As threads would: pieces of rows and of channel tiles, in a random order of their own. */
static void run_pieces(struct conv_case *c, const struct oct_conv_kernel *kernel,
                       struct check_random *random)
{
    const struct oct_conv_shape *shape = &c->job.shape;
    const int tiles = (shape->output_channels + kernel->tile_channels - 1) / kernel->tile_channels;
    const int split_row = check_int(random, 0, shape->output_height);
    const int split_channel = check_int(random, 0, tiles) * kernel->tile_channels;
    const int middle =
        split_channel < shape->output_channels ? split_channel : shape->output_channels;
    for (int i = 3; i >= 0; i--) {
        const struct oct_conv_range part = {
            i & 1 ? split_row : 0, i & 1 ? shape->output_height : split_row, i & 2 ? middle : 0,
            i & 2 ? shape->output_channels : middle};
        kernel->run(&c->job, &part, c->scratch.bytes);
    }
}

static void describe(const struct conv_case *c, char text[200])
{
    const struct oct_conv_shape *shape = &c->job.shape;
    static const char *const kinds[KIND_COUNT] = {"any", "extreme", "ties", "wild"};
    snprintf(text, 200, "%d->%d %dx%d/%d to %dx%d, %s, activation %d, out %s, residual %s",
             shape->input_channels, shape->output_channels, shape->kernel, shape->kernel,
             shape->stride, shape->output_width, shape->output_height, kinds[c->kind],
             (int)c->job.activation, oct_type_name(c->job.output.type),
             c->job.residual.data ? oct_type_name(c->job.residual.type) : "none");
}

static bool same_floats(const uint8_t *a, const uint8_t *b, size_t size)
{
    for (size_t i = 0; i + 4 <= size; i += 4) {
        float x, y;
        memcpy(&x, a + i, 4);
        memcpy(&y, b + i, 4);
        if (memcmp(&x, &y, 4) != 0 && !(x != x && y != y))
            return false;
    }
    return true;
}

static bool same_halves(enum oct_type type, const uint8_t *a, const uint8_t *b, size_t size)
{
    for (size_t i = 0; i + 2 <= size; i += 2) {
        uint16_t x, y;
        memcpy(&x, a + i, 2);
        memcpy(&y, b + i, 2);
        if (x != y && !(isnan(check_half_value(type, x)) && isnan(check_half_value(type, y))))
            return false;
    }
    return true;
}

static bool same_exactly(const struct conv_case *c)
{
    if (check_is_half(c->job.output.type))
        return same_halves(c->job.output.type, c->expected.bytes, c->output.bytes, c->output.size);
    if (c->job.output.type == OCT_TYPE_U8)
        return memcmp(c->expected.bytes, c->output.bytes, c->output.size) == 0;
    return same_floats(c->expected.bytes, c->output.bytes, c->output.size);
}

static double value_at(const struct oct_view *view, const void *data, size_t at)
{
    if (view->type == OCT_TYPE_U8)
        return ((const uint8_t *)data)[at];
    if (check_is_half(view->type))
        return (double)check_half_value(view->type, ((const uint16_t *)data)[at]);
    return (double)((const float *)data)[at];
}

/* `first` and the products, or their magnitudes, that output (n, y, x) adds up. */
static double real_sum(const struct conv_case *c, int n, int y, int x, double first,
                       bool magnitudes)
{
    const struct oct_conv_shape *shape = &c->job.shape;
    const float *weights =
        (const float *)(const void *)c->values.bytes + (size_t)n * (size_t)depth_of(shape);
    double sum = first;
    for (int tap = 0; tap < shape->kernel * shape->kernel; tap++) {
        const size_t at = (size_t)(y * shape->stride + tap / shape->kernel) * c->job.input.row +
                          (size_t)(x * shape->stride + tap % shape->kernel) * c->job.input.pixel;
        const size_t begin = shape->depthwise ? (size_t)n : 0;
        const size_t end = shape->depthwise ? begin + 1 : (size_t)shape->input_channels;
        for (size_t i = begin; i < end; i++) {
            const double product = value_at(&c->job.input, c->job.input.data, at + i) * *weights++;
            sum += magnitudes ? fabs(product) : product;
        }
    }
    return sum;
}

static double magnitude(const struct conv_case *c, int n, int y, int x)
{
    /* what an activation makes of no number is exact */
    const double first = isnan(c->job.bias[n]) ? 0.0 : fabs((double)c->job.bias[n]);
    return real_sum(c, n, y, x, first, true);
}

/* Reads element (n, y, x) of the output buffer at `bytes`. */
static double element(const struct conv_case *c, const uint8_t *bytes, int n, int y, int x)
{
    const struct oct_view *view = &c->job.output;
    const size_t at = (size_t)y * view->row + (size_t)x * view->pixel + (size_t)n;
    return value_at(view, bytes + c->output_offset, at);
}

/* Output (n, y, x) of the reference before it became a code. */
static double unrounded(const struct conv_case *c, int n, int y, int x)
{
    const struct oct_view *view = &c->job.output;
    const size_t at = (size_t)y * view->row + (size_t)x * view->pixel + (size_t)n;
    return (double)((const float *)(const void *)c->unrounded.bytes)[c->output_offset + at];
}

/* The same for halves that are added up in halves: each partial sum is rounded to 11 bits. Of 400
 * cases each the worst were 0.0058 of the magnitude transformed and 0.0015 direct, most of them of
 * few channels; SiLU is 0 where it is above -2.3e-4. */
static double tolerance_f16(const struct conv_case *c, int n, int y, int x, double exact)
{
    const double rounding = c->transformed ? 1e-2 : 3e-3;
    return rounding * magnitude(c, n, y, x) + 3e-3 * fabs(exact) + 4e-4;
}

/* How far float (n, y, x), `exact` in the reference, may be off. Float sums in another order: each
 * of the terms may be rounded once more or less; transformed ones cancel larger terms. BF16 kernels
 * may take SiLU from the table; GELU comes from one in F32, too. */
static double tolerance(const struct conv_case *c, int n, int y, int x, double exact)
{
    if (c->type == OCT_TYPE_F16 && !c->job.shape.depthwise)
        return tolerance_f16(c, n, y, x, exact);
    const double rounding = c->transformed ? 1e-5 : 2e-6;
    return rounding * magnitude(c, n, y, x) + 1e-6 * fabs(exact) +
           (c->type == OCT_TYPE_BF16 ? 6e-5 : 7e-6); /* F16: depthwise, in floats */
}

/* Whether output `b` stands for what is `a` in the reference. Codes are those of the floats that
 * are near enough; a BF16 result beside a tie is rounded to either side. SiLU of an infinite sum is
 * each kernel's own (infinite, or no number), but never a number. */
static bool is_near(const struct conv_case *c, int n, int y, int x, double a, double b)
{
    const struct oct_view *view = &c->job.output;
    const bool lost = c->job.activation == OCT_ACTIVATION_SILU && isinf(c->job.bias[n]);
    if (c->type == OCT_TYPE_F16 && !(fabs((double)c->job.bias[n]) <= 4096 && fabs(a) < 1e4))
        return c->job.residual.data || c->job.shape.depthwise || /* which may be no number */
               view->type != OCT_TYPE_F16 || isfinite(b); /* more than sessions store in halves */
    if (view->type == OCT_TYPE_U8) {
        const double exact = unrounded(c, n, y, x);
        const double off = isfinite(exact) ? tolerance(c, n, y, x, exact) : 0.0;
        const float low = (float)(lost ? -INFINITY : exact - off);
        const float high = (float)(lost ? INFINITY : exact + off);
        const int lowest = oct_requantize(low, view->inverse_scale, view->quantization.zero_point);
        const int highest =
            oct_requantize(high, view->inverse_scale, view->quantization.zero_point);
        return lost ? b == lowest || b == highest : b >= lowest && b <= highest;
    }
    if (lost)
        return !isfinite(b) || (view->type == OCT_TYPE_F16 && fabs(b) == (double)OCT_F16_MOST);
    if (!isfinite(a) || !isfinite(b))
        return a == b || (isnan(a) && isnan(b));
    const double half = check_is_half(view->type) ? 0x1p-7 * fabs(a) : 0.0;
    return fabs(a - b) <= tolerance(c, n, y, x, a) + half;
}

static bool same_nearly(struct conv_case *c)
{
    const struct oct_conv_shape *shape = &c->job.shape;
    for (int y = 0; y < shape->output_height; y++) {
        for (int x = 0; x < shape->output_width; x++) {
            for (int n = 0; n < shape->output_channels; n++) {
                const double a = element(c, c->expected.bytes, n, y, x);
                const double b = element(c, c->output.bytes, n, y, x);
                if (!is_near(c, n, y, x, a, b))
                    return check_failed("(%d, %d, %d) is %.9g, not %.9g", n, y, x, b, a);
            }
        }
    }
    /* Neighbouring slices: what is no output must be as it was. */
    const size_t row = c->job.output.row, pixel = c->job.output.pixel;
    const size_t bytes = oct_type_bytes(c->job.output.type);
    for (size_t i = 0; i * bytes < c->output.size; i++) {
        const size_t at = i - c->output_offset / bytes; /* wraps for what stands before */
        const bool ours = at < i + 1 && at / row < (size_t)shape->output_height &&
                          at % row / pixel < (size_t)shape->output_width &&
                          at % row % pixel < (size_t)shape->output_channels;
        if (!ours && memcmp(c->output.bytes + i * bytes, c->expected.bytes + i * bytes, bytes) != 0)
            return check_failed("a neighbouring slice was written to");
    }
    return true;
}

static bool compare(struct conv_case *c, const char *what)
{
    char text[200];
    describe(c, text);
    const struct check_memory *all[] = {&c->output, &c->packed, &c->scratch, &c->input};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i]->map && !check_whole(all[i]))
            return check_failed("%s: %s: wrote outside its memory", text, what);
    }
    if (check_is_half(c->type))
        return same_nearly(c) || check_failed("%s: %s", text, what);
    return same_exactly(c) || check_failed("%s: %s differs from the reference", text, what);
}

/* Output (n, y, x) of floats in double precision. */
static double real_value(const struct conv_case *c, int n, int y, int x)
{
    const struct oct_view *residual = &c->job.residual;
    const double value = oct_activation_exact(c->job.activation, (double)c->job.slope,
                                              real_sum(c, n, y, x, (double)c->job.bias[n], false));
    const size_t at = (size_t)y * residual->row + (size_t)x * residual->pixel + (size_t)n;
    if (!residual->data)
        return value;
    const double other = value_at(residual, residual->data, at);
    return residual->type == OCT_TYPE_U8 ? value + (double)residual->quantization.scale *
                                                       (other - residual->quantization.zero_point)
                                         : value + other;
}

/* F32's definitions themselves, where nothing rounds their output any more. */
static bool check_definition(const struct conv_case *c)
{
    const struct oct_conv_shape *shape = &c->job.shape;
    char text[200];
    describe(c, text);
    if (c->job.output.type != OCT_TYPE_F32 || c->kind == KIND_WILD)
        return true;
    for (int y = 0; y < shape->output_height; y++) {
        for (int x = 0; x < shape->output_width; x++) {
            for (int n = 0; n < shape->output_channels; n++) {
                const double exact = real_value(c, n, y, x);
                const double value = element(c, c->output.bytes, n, y, x);
                if (!(fabs(value - exact) <= tolerance(c, n, y, x, exact)))
                    return check_failed("%s: (%d, %d, %d) is %.9g, really %.9g", text, n, y, x,
                                        value, exact);
            }
        }
    }
    return true;
}

/* The reference's codes, and the floats that they were made of. */
static void run_unrounded(struct conv_case *c, const struct oct_conv_kernel *reference,
                          struct check_random *random)
{
    const struct oct_view codes = c->job.output;
    c->unrounded = check_allocate(random, c->expected.size * sizeof(float), 0);
    c->job.output.type = OCT_TYPE_F32;
    c->output_offset *= sizeof(float);
    run_whole(c, reference, c->expected_packed.bytes, c->unrounded.bytes);
    c->output_offset /= sizeof(float);
    c->job.output = codes;
}

/* Mostly SiLU, which has code of its own. */
static enum oct_activation random_activation(struct check_random *random, enum kind kind)
{
    if (kind == KIND_TIES || check_int(random, 0, 3) == 0)
        return OCT_ACTIVATION_NONE;
    return check_int(random, 0, 1)
               ? OCT_ACTIVATION_SILU
               : (enum oct_activation)check_int(random, 0, OCT_ACTIVATION_COUNT - 1);
}

static const struct oct_conv_kernel *reference_of(const struct oct_conv_kernel *kernel,
                                                  enum oct_type type)
{
    static const struct oct_conv_kernel *const references[] = {
        &oct_conv_u8_ref, &oct_conv_f32_ref, &oct_conv_bf16_ref, &oct_conv_f16_ref};
    static const struct oct_conv_kernel *const depthwise[] = {
        &oct_depthwise_u8_ref, &oct_depthwise_f32_ref, &oct_depthwise_bf16_ref,
        &oct_depthwise_f16_ref};
    if (kernel->depthwise)
        return depthwise[type];
    return kernel->fits && type == OCT_TYPE_F32 ? &oct_winograd_f32_ref : references[type];
}

bool check_conv(const struct oct_conv_kernel *kernel, enum oct_type type,
                struct check_random *random, int turn)
{
    const struct oct_conv_kernel *reference = reference_of(kernel, type);
    const bool u8 = type == OCT_TYPE_U8;
    struct conv_case c = {
        .type = type, .kind = (enum kind)(turn % KIND_COUNT), .transformed = kernel->fits != NULL};
    c.job.shape = random_shape(kernel, random, turn);
    c.job.activation = random_activation(random, c.kind);
    c.job.slope = check_float(random, 0.0f, 1.0f);
    c.job.streamed = check_int(random, 0, 1) != 0;
    make_input(random, &c);
    make_weights(random, &c);
    make_constants(random, &c);
    if (u8)
        bound_sums(kernel, &c);
    make_output(random, &c);
    const struct oct_conv_shape packed = oct_conv_packed_shape(&c.job.shape);
    c.packed = check_allocate(random, kernel->packed_bytes(&packed), 0);
    c.expected_packed = check_allocate(random, reference->packed_bytes(&packed), 0);
    c.scratch = check_allocate(random, reference->scratch_bytes(&c.job.shape), 0);
    int8_t *codes = (int8_t *)c.codes.bytes;
    float *values = (float *)(void *)c.values.bytes;
    check_store_weights(random, &c.job.shape,
                        type == OCT_TYPE_F32 && c.bf16_weights ? OCT_TYPE_BF16 : type, codes,
                        values, &c.stored);
    kernel->pack(&packed, &c.stored.weights, c.packed.bytes);
    reference->pack(&packed, &c.stored.weights, c.expected_packed.bytes);
    bool good = check_packing(kernel, &packed, u8 ? codes : NULL, values, c.packed.bytes);
    run_whole(&c, reference, c.expected_packed.bytes, c.expected.bytes);
    if (check_is_half(type) && c.job.output.type == OCT_TYPE_U8)
        run_unrounded(&c, reference, random);
    check_release(&c.scratch);
    c.scratch = check_allocate(random, kernel->scratch_bytes(&c.job.shape), 0);
    struct check_memory before = check_allocate(random, c.output.size, 0);
    memcpy(before.bytes, c.output.bytes, c.output.size);
    run_whole(&c, kernel, c.packed.bytes, c.output.bytes);
    good = compare(&c, "one range") && good;
    if (kernel == reference && type == OCT_TYPE_F32)
        good = check_definition(&c) && good;
    if (good) {
        memcpy(c.output.bytes, before.bytes, c.output.size);
        run_pieces(&c, kernel, random);
        good = compare(&c, "split ranges");
    }
    check_release(&before);
    release_case(&c);
    return good;
}
