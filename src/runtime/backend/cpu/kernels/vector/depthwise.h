/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise convolutions: vectors run along the channels, and each sum is made of its own channel
 * alone. A tile is some pixels of one output row times some vectors of channels, all of its sums in
 * registers; the weights of a tap are loaded once for all of its pixels.
 *
 * Codes are multiplied OCT_GROUP at a time, those of one column in as many rows of taps: first they
 * are put side by side into the scratch (columns), once for each input column, which all taps of
 * its column then read. Floats are read where they lie.
 *
 * Packed weights: [channel tile][row of taps / OCT_GROUP][column][channels of the tile][OCT_GROUP],
 * with zeros for rows that do not exist; the last channel tile is only as wide as it must be, in
 * whole vectors. config.h lists the macros.
 */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_DEPTHWISE_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_DEPTHWISE_H

#include "runtime/backend/cpu/kernels/vector/contract.h"
#include "runtime/backend/cpu/kernels/vector/finish_job.h"
#include "runtime/backend/cpu/kernels/vector/sums.h"

#if !defined(OCT_FINISH) || !defined(OCT_TILES) || !defined(V_STEP)
#error "OCT_FINISH, OCT_TILES and V_STEP must be there"
#endif

enum {
    TILE_MOST = 6,  /* pixels of a tile */
    TILE_WIDTH = 4, /* vectors of a channel tile */
    /* Input columns that are put side by side at a time: they stay in the first-level cache. */
    SCRATCH_BYTES = 24 * 1024,
    WEIGHT_BYTES = STEP_BYTES / OCT_GROUP,
    INPUT_BYTES = OCT_CODES             ? 1
                  : OCT_BF16 || OCT_F16 ? 2
                                        : 4
};

static int row_groups(const struct oct_conv_shape *shape)
{
    return (shape->kernel + OCT_GROUP - 1) / OCT_GROUP;
}

/* ---- packing ---- */

static size_t depthwise_packed_bytes(const struct oct_conv_shape *shape)
{
    return (size_t)whole_vectors(shape->output_channels) * VECTOR_BYTES *
           (size_t)(row_groups(shape) * shape->kernel);
}

static void pack_weight(const struct oct_conv_weights *weights, size_t from, bool exists, void *to)
{
    if (!OCT_CODES)
        *(float *)to = exists ? oct_conv_value(weights, from) : 0.0f;
    else if (OCT_GROUP == 2)
        *(int16_t *)to = exists ? weights->codes[from] : 0;
    else
        *(int8_t *)to = exists ? weights->codes[from] : 0;
}

/* One tap of a row group and a column, for the `width` channels of a tile. */
static void pack_tap(const struct oct_conv_shape *shape, const struct oct_conv_weights *weights,
                     int channel, int width, int row, int column, uint8_t *to)
{
    const size_t taps = (size_t)(shape->kernel * shape->kernel);
    for (int n = channel; n < channel + width; n++) {
        for (int y = row; y < row + OCT_GROUP; y++, to += WEIGHT_BYTES) {
            const size_t from = (size_t)n * taps + (size_t)(y * shape->kernel + column);
            pack_weight(weights, from, n < weights->output_channels && y < shape->kernel, to);
        }
    }
}

static void depthwise_pack(const struct oct_conv_shape *shape,
                           const struct oct_conv_weights *weights, void *packed)
{
    uint8_t *out = packed;
    for (int tile = 0; tile < shape->output_channels; tile += TILE_WIDTH * OCT_LANES) {
        const int left = whole_vectors(shape->output_channels - tile);
        const int width = (left < TILE_WIDTH ? left : TILE_WIDTH) * OCT_LANES;
        for (int row = 0; row < shape->kernel; row += OCT_GROUP) {
            for (int column = 0; column < shape->kernel; column++) {
                pack_tap(shape, weights, tile, width, row, column, out);
                out += (size_t)width * STEP_BYTES;
            }
        }
    }
}

/* ---- tiles ---- */

/* One channel tile of a row. Distances in bytes. */
struct channels {
    size_t group, column; /* of the input: from row group to row group, column to column */
    size_t pixel;         /* from output pixel to output pixel */
    int groups, kernel;
    const uint8_t *weights;
    const int32_t *start; /* of the tile's channels; floats: the bias */
    const float *scale, *bias;
};

OCT_INLINE v_sum load_input(const uint8_t *at, int vector)
{
#if OCT_CODES
    return v_load_sum_aligned(at + vector * VECTOR_BYTES);
#elif OCT_BF16
    return v_load_bf16((const uint16_t *)(const void *)at + vector * OCT_LANES, OCT_LANES);
#elif OCT_F16
    return v_load_f16((const uint16_t *)(const void *)at + vector * OCT_LANES, OCT_LANES);
#else
    return v_load_sum(at + vector * VECTOR_BYTES);
#endif
}

OCT_INLINE v_float sum_value(const struct channels *c, v_sum sum, int vector)
{
    if (!OCT_CODES)
        return v_sum_bits(sum);
    return v_fma(v_sum_number(sum), v_load(c->scale + vector * OCT_LANES),
                 v_load(c->bias + vector * OCT_LANES));
}

typedef void channels_function(const struct channels *c, const uint8_t *input, float *values);

#define DEFINE_CHANNELS(PIXELS, VECTORS)                                                           \
    static void channels_##PIXELS##x##VECTORS(const struct channels *c, const uint8_t *input,      \
                                              float *values)                                       \
    {                                                                                              \
        v_sum sum[PIXELS][VECTORS];                                                                \
        const uint8_t *weights = c->weights;                                                       \
        OCT_UNROLL                                                                                 \
        for (int n = 0; n < VECTORS; n++) {                                                        \
            const v_sum start = v_load_sum(c->start + n * OCT_LANES);                              \
            OCT_UNROLL                                                                             \
            for (int m = 0; m < PIXELS; m++)                                                       \
                sum[m][n] = start;                                                                 \
        }                                                                                          \
        for (int group = 0; group < c->groups; group++) {                                          \
            const uint8_t *at = input + (size_t)group * c->group;                                  \
            for (int column = c->kernel; column > 0; column--, at += c->column) {                  \
                v_sum w[VECTORS];                                                                  \
                OCT_UNROLL                                                                         \
                for (int n = 0; n < VECTORS; n++)                                                  \
                    w[n] = v_load_sum(weights + n * VECTOR_BYTES);                                 \
                const uint8_t *pixel = at;                                                         \
                OCT_UNROLL                                                                         \
                for (int m = 0; m < PIXELS; m++, pixel += c->pixel) {                              \
                    OCT_UNROLL                                                                     \
                    for (int n = 0; n < VECTORS; n++) {                                            \
                        const v_sum x = load_input(pixel, n);                                      \
                        V_STEP(sum[m][n], x, w[n]);                                                \
                    }                                                                              \
                }                                                                                  \
                weights += VECTORS * VECTOR_BYTES;                                                 \
            }                                                                                      \
        }                                                                                          \
        OCT_UNROLL                                                                                 \
        for (int m = 0; m < PIXELS; m++) {                                                         \
            OCT_UNROLL                                                                             \
            for (int n = 0; n < VECTORS; n++)                                                      \
                v_store(values + (m * VECTORS + n) * OCT_LANES, sum_value(c, sum[m][n], n));       \
        }                                                                                          \
    }

OCT_TILES(DEFINE_CHANNELS)

#define CHANNELS_ENTRY(PIXELS, VECTORS) [VECTORS][PIXELS] = channels_##PIXELS##x##VECTORS,
static channels_function *const channels_functions[TILE_WIDTH + 1][TILE_MOST + 1] = {
    OCT_TILES(CHANNELS_ENTRY)};

static const unsigned char most_pixels[TILE_WIDTH + 1] = OCT_MOST_PIXELS;

/* ---- columns ---- */

#if OCT_CODES

/* Output pixels whose input columns, side by side, fit the scratch. */
static int segment_pixels(const struct oct_conv_shape *shape)
{
    const int columns = SCRATCH_BYTES / (row_groups(shape) * TILE_WIDTH * VECTOR_BYTES);
    const int pixels = (columns - shape->kernel) / shape->stride + 1;
    return pixels < 1 ? 1 : pixels < shape->output_width ? pixels : shape->output_width;
}

static size_t depthwise_scratch_bytes(const struct oct_conv_shape *shape)
{
    const int columns = (segment_pixels(shape) - 1) * shape->stride + shape->kernel;
    return (size_t)(columns * row_groups(shape) * TILE_WIDTH * VECTOR_BYTES) + LINE_BYTES;
}

/* `count` columns of a row group, [column][vectors][lanes][OCT_GROUP], from rows of codes. */
OCT_INLINE void place_group(const uint8_t *const rows[OCT_GROUP], size_t pixel, int count,
                            int vectors, uint8_t *out)
{
    for (int x = 0; x < count; x++) {
        const uint8_t *at[OCT_GROUP];
        for (int i = 0; i < OCT_GROUP; i++)
            at[i] = rows[i] + (size_t)x * pixel;
        v_int columns[4];
#if OCT_GROUP == 4
        v_columns_of_4(at, columns);
#else
        v_columns_of_2(at, columns);
        if (vectors > 2) {
            for (int i = 0; i < OCT_GROUP; i++)
                at[i] += 2 * OCT_LANES;
            v_columns_of_2(at, columns + 2);
        }
#endif
        for (int n = 0; n < vectors; n++)
            v_store((float *)(void *)(out + n * VECTOR_BYTES), v_bits(columns[n]));
        out += vectors * VECTOR_BYTES;
    }
}

/* Rows of taps beyond the kernel are the last one once more: their weights are zeros. */
OCT_INLINE void place_columns(const struct oct_conv_job *job, const uint8_t *input, int count,
                              int vectors, uint8_t *out)
{
    const int kernel = job->shape.kernel;
    for (int row = 0; row < kernel; row += OCT_GROUP) {
        const uint8_t *rows[OCT_GROUP];
        for (int i = 0; i < OCT_GROUP; i++)
            rows[i] = input + (size_t)(row + i < kernel ? row + i : kernel - 1) * job->input.row;
        place_group(rows, job->input.pixel, count, vectors, out);
        out += (size_t)(count * vectors) * VECTOR_BYTES;
    }
}

/* Input columns from that of output pixel `x` on, for `pixels` of them. */
static const uint8_t *take_columns(const struct oct_conv_job *job, const uint8_t *input, int pixels,
                                   int vectors, uint8_t *scratch, struct channels *c)
{
    const int count = (pixels - 1) * job->shape.stride + job->shape.kernel;
    if (vectors == 1)
        place_columns(job, input, count, 1, scratch);
    else if (vectors == 2)
        place_columns(job, input, count, 2, scratch);
    else if (vectors == 3)
        place_columns(job, input, count, 3, scratch);
    else
        place_columns(job, input, count, 4, scratch);
    c->column = (size_t)vectors * VECTOR_BYTES;
    c->group = (size_t)count * c->column;
    c->pixel = (size_t)job->shape.stride * c->column;
    return scratch;
}

#else

static int segment_pixels(const struct oct_conv_shape *shape)
{
    return shape->output_width;
}

static size_t depthwise_scratch_bytes(const struct oct_conv_shape *shape)
{
    (void)shape;
    return 0;
}

static const uint8_t *take_columns(const struct oct_conv_job *job, const uint8_t *input, int pixels,
                                   int vectors, uint8_t *scratch, struct channels *c)
{
    (void)pixels;
    (void)vectors;
    (void)scratch;
    c->column = job->input.pixel * INPUT_BYTES;
    c->group = job->input.row * INPUT_BYTES;
    c->pixel = (size_t)job->shape.stride * c->column;
    return input;
}

#endif

/* ---- the whole ---- */

/* Where a pixel of one channel tile is read and written. */
struct place {
    const uint8_t *input;
    uint8_t *output;
    const uint8_t *residual;
};

/* `pixels` pixels of a row, cut into tiles of equal widths. */
static void run_segment(const struct oct_conv_job *job, const struct place *place, int pixels,
                        struct channels *c, const struct finish *f, finish_function *finish,
                        uint8_t *scratch, float *values)
{
    const uint8_t *input = take_columns(job, place->input, pixels, f->vectors, scratch, c);
    const int most = most_pixels[f->vectors], tiles = (pixels + most - 1) / most;
    uint8_t *output = place->output;
    const uint8_t *residual = place->residual;
    for (int i = 0; i < tiles; i++) {
        const int count = pixels / tiles + (i < pixels % tiles);
        channels_functions[f->vectors][count](c, input, values);
        finish(f, count, output, residual);
        input += (size_t)count * c->pixel;
        output += (size_t)count * f->output_pixel;
        if (residual)
            residual += (size_t)count * f->residual_pixel;
    }
}

static void run_channels(const struct oct_conv_job *job, int begin, int end, int channel, int count,
                         uint8_t *scratch)
{
    _Alignas(LINE_BYTES) float values[TILE_MOST * TILE_WIDTH * OCT_LANES];
    const struct oct_conv_shape *shape = &job->shape;
    struct finish f = finish_of(job, channel, count);
    finish_function *const finish = OCT_FINISH(f.flags);
    const int segment = segment_pixels(shape);
    struct channels c = {
        .groups = row_groups(shape),
        .kernel = shape->kernel,
        .weights = (const uint8_t *)job->packed +
                   (size_t)channel * STEP_BYTES * (size_t)(row_groups(shape) * shape->kernel),
        .start = OCT_CODES ? job->start + channel : (const int32_t *)(job->bias + channel),
        .scale = job->scale + channel,
        .bias = job->bias + channel};
    f.sums = (const int32_t *)values;
    for (int y = begin; y < end; y++) {
        for (int x = 0; x < shape->output_width; x += segment) {
            const int left = shape->output_width - x;
            struct place place = {
                (const uint8_t *)job->input.data +
                    ((size_t)(y * shape->stride) * job->input.row +
                     (size_t)(x * shape->stride) * job->input.pixel + (size_t)channel) *
                        INPUT_BYTES,
                (uint8_t *)job->output.data +
                    view_bytes(&job->output, (size_t)y * job->output.row +
                                                 (size_t)x * job->output.pixel + (size_t)channel),
                job->residual.data};
            if (place.residual)
                place.residual += view_bytes(&job->residual, (size_t)y * job->residual.row +
                                                                 (size_t)x * job->residual.pixel +
                                                                 (size_t)channel);
            run_segment(job, &place, left < segment ? left : segment, &c, &f, finish, scratch,
                        values);
        }
    }
}

static void depthwise_run(const struct oct_conv_job *job, const struct oct_conv_range *range,
                          void *scratch)
{
    const uintptr_t up = (uintptr_t)scratch + LINE_BYTES - 1;
    uint8_t *aligned = (uint8_t *)scratch + (up - up % LINE_BYTES - (uintptr_t)scratch);
    const int width = TILE_WIDTH * OCT_LANES;
    for (int channel = range->channel_begin; channel < range->channel_end; channel += width) {
        const int left = range->channel_end - channel;
        run_channels(job, range->row_begin, range->row_end, channel, left < width ? left : width,
                     aligned);
    }
}

#define DEFINE_DEPTHWISE(symbol, NAME)                                                             \
    const struct oct_conv_kernel symbol = {                                                        \
        .name = NAME,                                                                              \
        .tile_pixels = TILE_MOST,                                                                  \
        .tile_channels = TILE_WIDTH * OCT_LANES,                                                   \
        .depthwise = true,                                                                         \
        .packed_bytes = depthwise_packed_bytes,                                                    \
        .pack = depthwise_pack,                                                                    \
        .scratch_bytes = depthwise_scratch_bytes,                                                  \
        .run = depthwise_run,                                                                      \
    };

#endif
