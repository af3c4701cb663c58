/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 3x3 convolutions of stride 1 by Winograd's F(4x4, 3x3) (Lavin and Gray, "Fast Algorithms for
 * Convolutional Neural Networks", 2015): 36 products give 16 outputs that take 144 directly.
 *
 * A square is 4x4 output pixels. Its 6x6 inputs d become V = B' d B, the weights g of an input and
 * an output channel U = G g G'; for each of the 36 points, sums over input channels are an ordinary
 * matrix product M = sum U V, squares by output channels; and A' M A is the 4x4 outputs. Transposed
 * is written ', and
 *
 *        | 4  0 -5  0  1  0 |        |  6  0  0 |        | 1  1  1  1  1  0 |
 *        | 0 -4 -4  1  1  0 |        | -4 -4 -4 |   A' = | 0  1 -1  2 -2  0 |
 *   B' = | 0  4 -4 -1  1  0 |    G = | -4  4 -4 |        | 0  1  1  4  4  0 |
 *        | 0 -2 -1  2  1  0 |        |  1  2  4 |        | 0  1 -1  8 -8  2 |
 *        | 0  2 -1 -2  1  0 |        |  1 -2  4 |
 *        | 0  4  0 -5  0  1 |        |  0  0 12 |        A'(Gg * B'd) = 24 times the convolution
 *
 * U8 is exact. With G as it stands all are integers: |V| <= 68 * 255 and |U| <= 144 * 127 fit into
 * 16 bits, and M, A' M A modulo 2^32 are 576 = 64 * 9 times the sums modulo 2^32. Multiplied by the
 * inverse of 9 modulo 2^32, that is 64 times the sums, which is as good as the sums where they need
 * no more than 26 bits: struct oct_conv_shape's `reach` says that. Floats take G / 24.
 *
 * The including file defines what winograd_avx512.h or winograd_avx2.h and tiles.h ask for.
 */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_WINOGRAD_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_WINOGRAD_H

#include <string.h>

#define OCT_SUMS 0
#define OCT_RAW_TILES 1
#include "runtime/backend/cpu/kernels/x86/finish_job.h"
#include "runtime/backend/cpu/kernels/x86/tiles.h"

enum {
    SQUARE = 4,          /* output pixels of a square, each way */
    POINTS = SQUARE + 2, /* of the transform, each way */
    BLOCK_SQUARES = 20,  /* whose products are worked out together, or a row of them if more */
    WORD_BYTES = STEP_BYTES / OCT_GROUP, /* of the transformed input */
    WORDS = VECTOR_BYTES / WORD_BYTES,   /* in a vector */
    CODE_BYTES = OCT_CODES  ? 1
                 : OCT_BF16 ? 2
                            : 4, /* of the input as it comes */
    WINOGRAD_BITS = 25           /* of the largest sum's magnitude */
};

/* Squares in rows of the picture, and how many rows of them make a block. */
static int squares_across(const struct oct_conv_shape *shape)
{
    return (shape->output_width + SQUARE - 1) / SQUARE;
}

static int block_rows(const struct oct_conv_shape *shape)
{
    const int rows = BLOCK_SQUARES / squares_across(shape);
    const int all = (shape->output_height + SQUARE - 1) / SQUARE;
    return rows < 1 ? 1 : rows < all ? rows : all;
}

static int block_squares(const struct oct_conv_shape *shape)
{
    return block_rows(shape) * squares_across(shape);
}

/* An odd number of cache lines, so that one point of many squares, and many points of one, lie in
 * different sets of the cache. */
static size_t odd_lines(size_t bytes)
{
    return ((bytes + 63) / 64 | 1) * 64;
}

/* Distances in bytes, and where things lie in the scratch. */
struct places {
    size_t square; /* V: from square to square of a point: its input channels */
    size_t point;  /* V: from point to point */
    size_t sums;   /* M: from point to point */
    size_t columns, transformed, products; /* offsets in the scratch */
    size_t bytes;
};

static struct places places_of(const struct oct_conv_shape *shape)
{
    struct places p;
    const size_t squares = (size_t)block_squares(shape);
    const size_t words = ((size_t)shape->input_channels + WORDS - 1) / WORDS * WORDS;
    p.square = words * WORD_BYTES;
    p.point = odd_lines(squares * p.square);
    p.sums = odd_lines(squares * MOST_VECTORS * VECTOR_BYTES);
    p.columns = 0;
    p.transformed =
        p.columns + (size_t)(SQUARE * squares_across(shape) + 2) * POINTS * VECTOR_BYTES;
    p.transformed = (p.transformed + 63) & ~(size_t)63;
    p.products = p.transformed + POINTS * POINTS * p.point;
    p.bytes = p.products + POINTS * POINTS * p.sums + 64;
    return p;
}

static size_t winograd_scratch_bytes(const struct oct_conv_shape *shape)
{
    return places_of(shape).bytes;
}

static bool winograd_fits(const struct oct_conv_shape *shape)
{
    return shape->kernel == 3 && shape->stride == 1 && shape->output_width >= SQUARE &&
           shape->output_height >= SQUARE && (!OCT_CODES || shape->reach < 1 << WINOGRAD_BITS);
}

/* --- Weights --- */

static size_t winograd_packed_bytes(const struct oct_conv_shape *shape)
{
    return (size_t)whole_vectors(shape->output_channels) * OCT_LANES * POINTS * POINTS *
           (size_t)shape->input_channels * WORD_BYTES;
}

#if OCT_CODES
typedef int8_t raw_weight;
typedef int16_t winograd_weight;
typedef int16_t weight_sum;
#define WEIGHTS_OF(weights) (weights)->codes
#define WEIGHT_OF(sum) (sum)
#else
typedef float raw_weight, winograd_weight;
typedef double weight_sum; /* rounded once */
#define WEIGHTS_OF(weights) (weights)->values
#define WEIGHT_OF(sum) (float)((sum) / 576)
#endif
#if OCT_BF16
#define RAW(weight) oct_bf16_value(oct_bf16_of(weight))
#else
#define RAW(weight) (weight)
#endif

enum { PACK_INPUTS = 32 }; /* input channels that are worked on at a time */

/* G g of three, for many input channels. */
static inline void transform_weights(const weight_sum g[3][PACK_INPUTS],
                                     weight_sum u[POINTS][PACK_INPUTS])
{
    for (int i = 0; i < PACK_INPUTS; i++) {
        const weight_sum even = (weight_sum)(g[0][i] + g[2][i]);
        const weight_sum far = (weight_sum)(g[0][i] + 4 * g[2][i]);
        u[0][i] = (weight_sum)(6 * g[0][i]);
        u[1][i] = (weight_sum)(-4 * (even + g[1][i]));
        u[2][i] = (weight_sum)(-4 * (even - g[1][i]));
        u[3][i] = (weight_sum)(far + 2 * g[1][i]);
        u[4][i] = (weight_sum)(far - 2 * g[1][i]);
        u[5][i] = (weight_sum)(12 * g[2][i]);
    }
}

/* Packed: [channel tile][point][input channels / OCT_GROUP][channels of the tile][OCT_GROUP].
 * Here: `count` input channels of one output channel, `taps` distances between taps. */
static void pack_inputs(const int count, const size_t taps, const raw_weight *from,
                        winograd_weight *out, size_t point, size_t group)
{
    weight_sum columns[3][3][PACK_INPUTS] = {{{0}}}; /* [x][y] */
    weight_sum half[3][POINTS][PACK_INPUTS], row[3][PACK_INPUTS], u[POINTS][PACK_INPUTS];
    for (size_t tap = 0; tap < 9; tap++) {
        for (int i = 0; i < count; i++)
            columns[tap % 3][tap / 3][i] = RAW(from[tap * taps + (size_t)i]);
    }
    for (int x = 0; x < 3; x++)
        transform_weights(columns[x], half[x]);
    for (size_t y = 0; y < POINTS; y++) {
        for (int x = 0; x < 3; x++)
            memcpy(row[x], half[x][y], sizeof row[x]);
        transform_weights(row, u);
        for (size_t x = 0; x < POINTS; x++) {
            winograd_weight *at = out + (y * POINTS + x) * point;
            for (int i = 0; i < count; i += OCT_GROUP, at += group) {
                for (int j = 0; j < OCT_GROUP; j++)
                    at[j] = WEIGHT_OF(u[x][i + j]);
            }
        }
    }
}

static __attribute__((noinline)) void winograd_pack(const struct oct_conv_shape *shape,
                                                    const struct oct_conv_weights *weights,
                                                    void *packed, int vectors)
{
    const size_t inputs = (size_t)shape->input_channels;
    winograd_weight *out = packed;
    for (int tile = 0; tile < shape->output_channels; tile += vectors * OCT_LANES) {
        const int left = shape->output_channels - tile, whole = whole_vectors(left);
        const int width = (whole < vectors ? whole : vectors) * OCT_LANES;
        const size_t point = (size_t)width * inputs, group = (size_t)width * OCT_GROUP;
        if (left < width)
            memset(out, 0, POINTS * POINTS * point * WORD_BYTES);
        for (int n = 0; n < width && n < left; n++) {
            for (size_t c = 0; c < inputs; c += PACK_INPUTS) {
                const int count = inputs - c < PACK_INPUTS ? (int)(inputs - c) : PACK_INPUTS;
                pack_inputs(count, inputs,
                            WEIGHTS_OF(weights) + (size_t)(tile + n) * 9 * inputs + c,
                            out + (size_t)n * OCT_GROUP + c / OCT_GROUP * group, point, group);
            }
        }
        out += POINTS * POINTS * point;
    }
}

/* --- Input --- */

/* B' d of six vectors. */
static inline __attribute__((always_inline)) void transform_input(const w_vector d[POINTS],
                                                                  w_vector v[POINTS])
{
    const w_vector a = w_sub(d[4], w_four(d[2])), b = w_sub(d[3], w_four(d[1]));
    const w_vector c = w_sub(d[4], d[2]), e = w_twice(w_sub(d[3], d[1]));
    v[0] = w_add(w_four(w_sub(d[0], d[2])), c);
    v[1] = w_add(a, b);
    v[2] = w_sub(a, b);
    v[3] = w_add(c, e);
    v[4] = w_sub(c, e);
    v[5] = w_sub(w_sub(d[5], d[3]), w_twice(e));
}

/* Columns of six input pixels: [column][point], for one vector of input channels. */
static void transform_columns(const uint8_t *input, size_t row, size_t pixel, int count,
                              uint8_t *columns)
{
    for (int x = 0; x < count; x++) {
        w_vector d[POINTS], v[POINTS];
        OCT_UNROLL for (int y = 0; y < POINTS; y++) d[y] = w_take(input + (size_t)y * row);
        transform_input(d, v);
        OCT_UNROLL for (int y = 0; y < POINTS; y++)
            w_store((void *)(columns + y * VECTOR_BYTES), v[y]);
        input += pixel;
        columns += POINTS * VECTOR_BYTES;
    }
}

/* One square of six columns: its 36 points. */
static void transform_square(const uint8_t *columns, uint8_t *out, size_t point)
{
    OCT_UNROLL for (int y = 0; y < POINTS; y++)
    {
        w_vector d[POINTS], v[POINTS];
        OCT_UNROLL for (int x = 0; x < POINTS; x++) d[x] =
            w_load((const void *)(columns + (x * POINTS + y) * VECTOR_BYTES));
        transform_input(d, v);
        OCT_UNROLL for (int x = 0; x < POINTS; x++)
            w_store((void *)(out + (size_t)(y * POINTS + x) * point), v[x]);
    }
}

/* Where a square of a row begins: the last one overlaps its neighbour. */
static int square_column(const struct oct_conv_shape *shape, int square)
{
    const int last = shape->output_width - SQUARE;
    return SQUARE * square < last ? SQUARE * square : last;
}

/* A row of squares from output row `y` on; `out` is its first square's first point. */
static void transform_row(const struct oct_conv_job *job, const struct places *p, int y,
                          uint8_t *columns, uint8_t *out)
{
    const struct oct_conv_shape *shape = &job->shape;
    const size_t row = job->input.row * CODE_BYTES, pixel = job->input.pixel * CODE_BYTES;
    const uint8_t *input = (const uint8_t *)job->input.data + (size_t)y * row;
    for (int c = 0; c < shape->input_channels; c += WORDS) {
        transform_columns(input + (size_t)c * CODE_BYTES, row, pixel, shape->output_width + 2,
                          columns);
        for (int i = 0; i < squares_across(shape); i++)
            transform_square(columns + (size_t)square_column(shape, i) * POINTS * VECTOR_BYTES,
                             out + (size_t)i * p->square + (size_t)c * WORD_BYTES, p->point);
    }
}

/* --- Products --- */

/* M of one channel tile: for each point, squares by channels. */
static void multiply(const struct oct_conv_shape *shape, const struct places *p,
                     const uint8_t *weights, int vectors, int squares, const uint8_t *transformed,
                     uint8_t *sums)
{
    static const _Alignas(64) int32_t zeros[MOST_VECTORS * OCT_LANES];
    const int most = most_pixels[vectors];
    const int tiles = (squares + most - 1) / most, narrow = squares / tiles,
              wider = squares % tiles;
    struct tile t = {.pixel = p->square,
                     .rows = 1,
                     .columns = 1,
                     .steps = shape->input_channels / OCT_GROUP,
                     .weights = weights,
                     .start = zeros};
    for (int point = 0; point < POINTS * POINTS; point++) {
        const uint8_t *input = transformed + (size_t)point * p->point;
        float *values = (float *)(void *)(sums + (size_t)point * p->sums);
        for (int i = 0; i < tiles; i++) {
            const int count = narrow + (i < wider);
            tile_functions[vectors][count](&t, input, values);
            input += (size_t)count * p->square;
            values += (size_t)(count * vectors) * OCT_LANES;
        }
        t.weights += (size_t)vectors * VECTOR_BYTES * (size_t)t.steps;
    }
}

/* --- Output --- */

/* A' m of six vectors. */
static inline __attribute__((always_inline)) void transform_sums(const v_sum m[POINTS],
                                                                 v_sum y[SQUARE])
{
    const v_sum s1 = s_add(m[1], m[2]), d1 = s_sub(m[1], m[2]);
    const v_sum s2 = s_add(m[3], m[4]), d2 = s_sub(m[3], m[4]);
    y[0] = s_add(m[0], s_add(s1, s2));
    y[1] = s_add(d1, s_twice(d2));
    y[2] = s_add(s1, s_four(s2));
    y[3] = s_add(s_add(d1, s_twice(m[5])), s_eight(d2));
}

/* One vector of channels of one square: values, [row][column][vectors][lanes]. */
static void finish_square(const uint8_t *sums, size_t point, const struct constants *c, int vector,
                          int vectors, float *values)
{
    v_sum columns[POINTS][SQUARE];
    const v_sum start = v_sum_load(c->start + vector * OCT_LANES);
    OCT_UNROLL for (int x = 0; x < POINTS; x++)
    {
        v_sum m[POINTS];
        OCT_UNROLL for (int y = 0; y < POINTS; y++) m[y] =
            v_sum_load((const void *)(sums + (size_t)(y * POINTS + x) * point));
        transform_sums(m, columns[x]);
    }
#if OCT_CODES
    const v_float scale = v_load(c->scale + vector * OCT_LANES);
    const v_float bias = v_load(c->bias + vector * OCT_LANES);
#endif
    OCT_UNROLL for (int y = 0; y < SQUARE; y++)
    {
        v_sum m[POINTS], out[SQUARE];
        OCT_UNROLL for (int x = 0; x < POINTS; x++) m[x] = columns[x][y];
        transform_sums(m, out);
        OCT_UNROLL for (int x = 0; x < SQUARE; x++)
        {
            float *at = values + (size_t)((y * SQUARE + x) * vectors + vector) * OCT_LANES;
#if OCT_CODES
            const v_sum sum64 = s_mul(out[x], 0x38e38e39); /* 1 / 9 */
            v_store(at, v_fma(v_float_of(s_add(s_shift_right(sum64, 6), start)), scale, bias));
#else
            v_store(at, s_add(out[x], start));
#endif
        }
    }
}

/* Where element (channel, y, x) stands; NULL where there is no tensor. */
static uint8_t *element_of(const struct oct_view *view, int channel, int y, int x)
{
    const size_t at = (size_t)y * view->row + (size_t)x * view->pixel + (size_t)channel;
    return view->data ? (uint8_t *)view->data + view_bytes(view, at) : NULL;
}

/* Squares of a row from output row `y` on; of theirs, rows [begin, end) are stored. */
static __attribute__((noinline)) void finish_row(const struct oct_conv_job *job,
                                                 const struct places *p, const struct constants *c,
                                                 struct finish *f, int channel, int y, int begin,
                                                 int end, const uint8_t *sums)
{
    _Alignas(64) float values[SQUARE * SQUARE * MOST_VECTORS * OCT_LANES];
    finish_function *const finish = OCT_FINISH(f->flags);
    for (int i = 0, x = 0; i < squares_across(&job->shape); i++, x += SQUARE) {
        const int skip = x - square_column(&job->shape, i);
        for (int n = 0; n < f->vectors; n++, sums += VECTOR_BYTES)
            finish_square(sums, p->sums, c, n, f->vectors, values);
        for (int row = begin; row < end; row++) {
            f->sums =
                (const int32_t *)values + ((row - y) * SQUARE + skip) * f->vectors * OCT_LANES;
            finish(f, SQUARE - skip, element_of(&job->output, channel, row, x),
                   element_of(&job->residual, channel, row, x));
        }
    }
}

static __attribute__((noinline)) void winograd_run(const struct oct_conv_job *job,
                                                   const struct oct_conv_range *range,
                                                   void *scratch, int vectors)
{
    const struct oct_conv_shape *shape = &job->shape;
    const struct places p = places_of(shape);
    uint8_t *memory = (uint8_t *)(((uintptr_t)scratch + 63) & ~(uintptr_t)63);
    uint8_t *transformed = memory + p.transformed, *sums = memory + p.products;
    const int across = squares_across(shape), width = vectors * OCT_LANES;
    const int step = SQUARE * block_rows(shape);
    const int lowest = shape->output_height - SQUARE; /* where the last squares begin */
    for (int begin = range->row_begin; begin < range->row_end; begin += step) {
        const int end = range->row_end - begin < step ? range->row_end : begin + step;
        const int rows = (end - begin + SQUARE - 1) / SQUARE;
        for (int i = 0; i < rows; i++) {
            const int y = begin + SQUARE * i < lowest ? begin + SQUARE * i : lowest;
            transform_row(job, &p, y, memory + p.columns,
                          transformed + (size_t)(i * across) * p.square);
        }
        for (int channel = range->channel_begin; channel < range->channel_end; channel += width) {
            const int left = range->channel_end - channel, count = left < width ? left : width;
            struct constants constants;
            take_constants(job, channel, count, &constants);
            struct finish f = finish_of(job, channel, count);
            multiply(shape, &p,
                     (const uint8_t *)job->packed + (size_t)channel * POINTS * POINTS *
                                                        (size_t)shape->input_channels * WORD_BYTES,
                     f.vectors, rows * across, transformed, sums);
            for (int i = 0; i < rows; i++) {
                const int first = begin + SQUARE * i, y = first < lowest ? first : lowest;
                const int last = first + SQUARE < end ? first + SQUARE : end;
                finish_row(job, &p, &constants, &f, channel, y, first, last,
                           sums + (size_t)(i * across * f.vectors) * VECTOR_BYTES);
            }
        }
    }
}

/* The kernel whose channel tiles are VECTORS vectors wide. */
#define DEFINE_WINOGRAD(NAME, PIXELS, VECTORS)                                                     \
    static void pack_##VECTORS(const struct oct_conv_shape *shape,                                 \
                               const struct oct_conv_weights *weights, void *packed)               \
    {                                                                                              \
        winograd_pack(shape, weights, packed, VECTORS);                                            \
    }                                                                                              \
                                                                                                   \
    static void run_##VECTORS(const struct oct_conv_job *job, const struct oct_conv_range *range,  \
                              void *scratch)                                                       \
    {                                                                                              \
        winograd_run(job, range, scratch, VECTORS);                                                \
    }                                                                                              \
                                                                                                   \
    static const struct oct_conv_kernel winograd_##VECTORS = {                                     \
        .name = NAME,                                                                              \
        .tile_pixels = PIXELS,                                                                     \
        .tile_channels = (VECTORS)*OCT_LANES,                                                      \
        .tile_rows = SQUARE,                                                                       \
        .fits = winograd_fits,                                                                     \
        .packed_bytes = winograd_packed_bytes,                                                     \
        .pack = pack_##VECTORS,                                                                    \
        .scratch_bytes = winograd_scratch_bytes,                                                   \
        .run = run_##VECTORS,                                                                      \
    };

#endif
