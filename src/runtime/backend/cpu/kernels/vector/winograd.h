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
 * no more than 26 bits: struct oct_conv_shape's `reach` says that. Floats take G / 24. Halves have
 * matrices of their own (winograd_halves.h).
 *
 * config.h lists the macros.
 */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_WINOGRAD_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_WINOGRAD_H

#define OCT_TILES_RAW 1
#include "runtime/backend/cpu/kernels/vector/finish_job.h"
#include "runtime/backend/cpu/kernels/vector/tiles.h"
#include "runtime/backend/cpu/kernels/vector/winograd_places.h"
#include "runtime/backend/cpu/kernels/vector/winograd_transforms.h"
#include "runtime/backend/cpu/kernels/vector/winograd_weights.h"

#ifndef OCT_FINISH
#error "OCT_FINISH must name the function that chooses a finish"
#endif
#if !OCT_TILES_RAW
#error "winograd.h must come before config.h"
#endif

/* A row of squares from output row `y` on; `out` is its first square's first point. */
static void transform_row(const struct oct_conv_job *job, const struct places *p, int y,
                          uint8_t *columns, uint8_t *out)
{
    const struct oct_conv_shape *shape = &job->shape;
    const size_t row = job->input.row * INPUT_BYTES, pixel = job->input.pixel * INPUT_BYTES;
    const uint8_t *input = (const uint8_t *)job->input.data + (size_t)y * row;
    for (int c = 0; c < shape->input_channels; c += WORDS) {
        transform_columns(input + (size_t)c * INPUT_BYTES, row, pixel, shape->output_width + 2,
                          columns);
        for (int i = 0; i < squares_across(shape); i++)
            transform_square(columns + (size_t)square_column(shape, i) * POINTS * VECTOR_BYTES,
                             out + (size_t)i * p->square + (size_t)c * WORD_BYTES, p->point);
    }
}

/* M of one channel tile: for each point, squares by channels. */
static void multiply(const struct oct_conv_shape *shape, const struct places *p,
                     const uint8_t *weights, int vectors, int squares, const uint8_t *transformed,
                     uint8_t *sums)
{
    static const _Alignas(LINE_BYTES) int32_t zeros[MOST_VECTORS * OCT_LANES];
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
        uint8_t *values = sums + (size_t)point * p->sums;
        for (int i = 0; i < tiles; i++) {
            const int count = narrow + (i < wider);
            tile_functions[vectors][count](&t, input, (float *)(void *)values);
            input += (size_t)count * p->square;
            values += (size_t)(count * vectors) * VECTOR_BYTES;
        }
        t.weights += (size_t)vectors * VECTOR_BYTES * (size_t)t.steps;
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
    _Alignas(LINE_BYTES) uint8_t values[SQUARE * SQUARE * MOST_VECTORS * VECTOR_BYTES];
    finish_function *const finish = OCT_FINISH(f->flags);
    for (int i = 0, x = 0; i < squares_across(&job->shape); i++, x += SQUARE) {
        const int skip = x - square_column(&job->shape, i);
        for (int n = 0; n < f->vectors; n++, sums += VECTOR_BYTES)
            finish_square(sums, p->sums, c, n, f->vectors, values);
        for (int row = begin; row < end; row++) {
            const int before = ((row - y) * SQUARE + skip) * f->vectors;
            f->sums = (const int32_t *)vector_at(values, before);
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
    uint8_t *memory =
        (uint8_t *)(((uintptr_t)scratch + LINE_BYTES - 1) & ~(uintptr_t)(LINE_BYTES - 1));
    uint8_t *transformed = memory + p.transformed, *sums = memory + p.products;
    const int across = squares_across(shape), width = vectors * OCT_LANES;
    const int step = SQUARE * block_rows(shape);
    const int lowest = shape->output_height - SQUARE; /* where the last squares begin */
    /* squares lie where they lie for all rows: in floats another square gives other bits */
    for (int begin = range->row_begin / SQUARE * SQUARE; begin < range->row_end; begin += step) {
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
                const int top = begin + SQUARE * i, y = top < lowest ? top : lowest;
                const int first = top < range->row_begin ? range->row_begin : top;
                const int last = top + SQUARE < end ? top + SQUARE : end;
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
