/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole convolution out of tiles (tiles.h) and what is done to their sums (finish.h): packing,
 * rows, channel tiles, and the kernels' entries.
 *
 * Packed weights: [channel tile][tap][input channels / OCT_GROUP][channels of the tile][OCT_GROUP];
 * the last channel tile is only as wide as it must be, in whole vectors. A row is cut into tiles of
 * equal widths, so that no pixel is worked out twice. config.h lists the macros.
 */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_CONV_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_CONV_H

#include "base/float16.h"
#include "runtime/backend/cpu/kernels/vector/finish_job.h"
#include "runtime/backend/cpu/kernels/vector/strips.h"
#include "runtime/backend/cpu/kernels/vector/tiles.h"

#ifndef OCT_FINISH
#error "OCT_FINISH must name the function that chooses a finish"
#endif

static size_t conv_depth(const struct oct_conv_shape *shape)
{
    return (size_t)(shape->kernel * shape->kernel) * (size_t)shape->input_channels;
}

/* Bytes of one weight as packed: a step's four bytes over the group. */
enum { WEIGHT_BYTES = STEP_BYTES / OCT_GROUP };

static size_t conv_packed_bytes(const struct oct_conv_shape *shape)
{
    return (size_t)whole_vectors(shape->output_channels) * OCT_LANES * conv_depth(shape) *
           WEIGHT_BYTES;
}

/* Weight `from`, or the zero of a channel that does not exist. */
OCT_INLINE void pack_weight(const struct oct_conv_weights *weights, size_t from, bool exists,
                            void *to)
{
    if (OCT_BF16)
        *(uint16_t *)to = exists ? weights->bf16[from] : 0;
    else if (OCT_HALVES)
        *(uint16_t *)to = exists ? oct_f16_of(oct_conv_value(weights, from)) : 0;
    else if (!OCT_CODES)
        *(float *)to = exists ? oct_conv_value(weights, from) : 0.0f;
    else if (OCT_WIDEN)
        *(int16_t *)to = exists ? weights->codes[from] : 0;
    else
        *(int8_t *)to = exists ? weights->codes[from] : 0;
}

/* One tap of a stored input channel for the `width` channels of a tile: `count` that exist, the
 * first one's from `from` on, and zeros. */
OCT_INLINE void pack_tap(const struct oct_conv_weights *weights, size_t from, size_t distance,
                         int count, int width, uint8_t *to)
{
    for (int n = 0; n < count; n++)
        pack_weight(weights, from + (size_t)n * distance, true, to + n * STEP_BYTES);
    for (int n = count; n < width; n++)
        pack_weight(weights, 0, false, to + n * STEP_BYTES);
}

/* A channel tile of `width` channels from `channel` on: one input channel after the other, because
 * its taps lie side by side. */
static void pack_tile(const struct oct_conv_shape *shape, const struct oct_conv_weights *weights,
                      int channel, int width, uint8_t *out)
{
    const int inputs = shape->input_channels, left = weights->output_channels - channel;
    const size_t taps = (size_t)(shape->kernel * shape->kernel);
    const size_t distance = (size_t)weights->input_channels * taps;
    const size_t step = (size_t)width * STEP_BYTES;
    for (int c = 0; c < inputs; c++) {
        size_t from = 0;
        const bool exists = oct_conv_find(weights, channel, c, taps, &from);
        const int count = !exists ? 0 : left < width ? left : width;
        uint8_t *to = out + (size_t)(c / OCT_GROUP) * step + c % OCT_GROUP * WEIGHT_BYTES;
        for (size_t tap = 0; tap < taps; tap++, to += (size_t)(inputs / OCT_GROUP) * step)
            pack_tap(weights, from + tap, distance, count, width, to);
    }
}

static void conv_pack(const struct oct_conv_shape *shape, const struct oct_conv_weights *weights,
                      void *packed, int vectors)
{
    uint8_t *out = packed;
    for (int tile = 0; tile < shape->output_channels; tile += vectors * OCT_LANES) {
        const int left = whole_vectors(shape->output_channels - tile);
        const int width = (left < vectors ? left : vectors) * OCT_LANES;
        pack_tile(shape, weights, tile, width, out);
        out += (size_t)width * conv_depth(shape) * WEIGHT_BYTES;
    }
}

/* Rows [begin, end) of the channel tile that `t` and `f` describe; a row is cut into tiles of equal
 * widths. */
static void run_rows(const struct oct_conv_job *job, const struct strip *strip, int begin, int end,
                     int channel, const struct tile *t, const struct finish *f,
                     finish_function *finish, float *values)
{
    const int width = job->shape.output_width, most = most_pixels[f->vectors];
    const int tiles = (width + most - 1) / most, narrow = width / tiles, wider = width % tiles;
    const size_t output_row = view_bytes(&job->output, job->output.row);
    const size_t residual_row = view_bytes(&job->residual, job->residual.row);
    const size_t output_channel = view_bytes(&job->output, (size_t)channel);
    const size_t residual_channel = view_bytes(&job->residual, (size_t)channel);
    for (int y = begin; y < end; y++) {
        const uint8_t *input = strip->data + (size_t)((y - begin) * job->shape.stride) * strip->row;
        uint8_t *output = (uint8_t *)job->output.data + (size_t)y * output_row + output_channel;
        const uint8_t *residual = job->residual.data;
        if (residual)
            residual += (size_t)y * residual_row + residual_channel;
        for (int i = 0; i < tiles; i++) {
            const int pixels = narrow + (i < wider);
            tile_functions[f->vectors][pixels](t, input, values);
            finish(f, pixels, output, residual);
            input += (size_t)pixels * t->pixel;
            output += (size_t)pixels * f->output_pixel;
            if (residual)
                residual += (size_t)pixels * f->residual_pixel;
        }
    }
}

/* Only plain values, every vector at a multiple of its size. */
static bool can_stream(const struct oct_conv_job *job, int flags)
{
    const size_t distances = (job->output.row | job->output.pixel) * sizeof(float);
    return job->streamed && flags == FINISH_OUTPUT_F32 &&
           ((uintptr_t)job->output.data | distances) % VECTOR_BYTES == 0;
}

static void run_channels(const struct oct_conv_job *job, const struct strip *strip, int begin,
                         int end, int channel, int count)
{
    const struct oct_conv_shape *shape = &job->shape;
    struct constants constants;
    take_constants(job, channel, count, &constants);
    const int steps = shape->input_channels / OCT_GROUP;
    const struct tile t = {
        .row = strip->row,
        .column = strip->pixel,
        .pixel = strip->pixel * (size_t)shape->stride,
        .rows = shape->kernel,
        .columns = strip->dense ? 1 : shape->kernel,
        .steps = strip->dense ? steps * shape->kernel : steps,
        .weights =
            (const uint8_t *)job->packed + (size_t)channel * conv_depth(shape) * WEIGHT_BYTES,
        .start = constants.start,
        .scale = constants.scale,
        .bias = constants.bias,
    };
    _Alignas(LINE_BYTES) float values[TILE_VECTORS * OCT_LANES];
    struct finish f = finish_of(job, channel, count);
    f.sums = (const int32_t *)values;
    if (can_stream(job, f.flags))
        f.flags |= FINISH_STREAM;
    run_rows(job, strip, begin, end, channel, &t, &f, OCT_FINISH(f.flags), values);
    if (f.flags & FINISH_STREAM)
        v_stream_end();
}

static void conv_run(const struct oct_conv_job *job, const struct oct_conv_range *range,
                     void *scratch, int vectors)
{
    const int rows = strip_rows(&job->shape), width = vectors * OCT_LANES;
    for (int begin = range->row_begin; begin < range->row_end; begin += rows) {
        const int end = range->row_end - begin < rows ? range->row_end : begin + rows;
        const struct strip strip = take_strip(job, begin, end, scratch);
        for (int channel = range->channel_begin; channel < range->channel_end; channel += width) {
            const int left = range->channel_end - channel;
            run_channels(job, &strip, begin, end, channel, left < width ? left : width);
        }
    }
}

/*
 * What a step of a tile costs, in cycles. Processors multiply two vectors and load two at a time,
 * and a sum waits 4 or 5 cycles for the one before; what a step costs besides, for each vector of
 * weights and for the loop, is an estimate. Of 135 usual shapes (16 to 640 channels, rows of 10 to
 * 320 pixels) 0.1 or 0.2 a vector would change the choice for 14 at most, between tiles of nearly
 * the same cost; any latency up to 5 for none.
 */
#define OCT_STEP_PORTS 2.0
#define OCT_STEP_LATENCY 4.5
#define OCT_STEP_VECTOR 0.15
#define OCT_STEP_LOOP 0.5

static double step_cycles(int pixels, int vectors)
{
    const double multiply = pixels * vectors / OCT_STEP_PORTS;
    const double load = (pixels + vectors) / OCT_STEP_PORTS;
    const double slowest = multiply > load ? multiply : load;
    return (slowest > OCT_STEP_LATENCY ? slowest : OCT_STEP_LATENCY) + OCT_STEP_VECTOR * vectors +
           OCT_STEP_LOOP;
}

/* Vectors of channels in a tile for a shape, by the cycles of a row's steps. */
static int choose_vectors(const struct oct_conv_shape *shape)
{
    const int all = whole_vectors(shape->output_channels), width = shape->output_width;
    int best = 1;
    double best_cost = 0;
    for (int vectors = 1; vectors <= MOST_VECTORS; vectors++) {
        double cost = 0;
        for (int at = 0; at < all; at += vectors) {
            const int v = all - at < vectors ? all - at : vectors;
            const int tiles = (width + most_pixels[v] - 1) / most_pixels[v];
            for (int i = 0; i < tiles; i++)
                cost += step_cycles(width / tiles + (i < width % tiles), v);
        }
        if (vectors == 1 || cost < best_cost) {
            best = vectors;
            best_cost = cost;
        }
    }
    return best;
}

/* Enough sums to hide latency, and registers left for the input and the weights. */
enum { BURN_SUMS = OCT_REGISTERS * 3 / 4 };

/* The steps of a tile without its loads; returns multiply-adds. */
static uint64_t burn_tiles(uint64_t rounds)
{
    _Alignas(LINE_BYTES) static const int32_t zeros[OCT_LANES];
    v_sum sum[BURN_SUMS], x = v_load_sum_aligned(zeros), w = v_load_sum_aligned(zeros);
    v_opaque(x);
    v_opaque(w);
    OCT_UNROLL
    for (int i = 0; i < BURN_SUMS; i++)
        sum[i] = v_load_sum_aligned(zeros);
    for (uint64_t round = 0; round < rounds; round++) {
        OCT_UNROLL
        for (int i = 0; i < BURN_SUMS; i++) {
            V_STEP(sum[i], x, w);
            v_opaque(sum[i]); /* no step is another's copy */
            v_opaque(x);
        }
    }
    return rounds * BURN_SUMS * OCT_LANES * OCT_GROUP;
}

/* The kernel whose channel tiles are VECTORS vectors wide. */
#define DEFINE_KERNEL(NAME, PIXELS, VECTORS)                                                       \
    static void pack_##VECTORS(const struct oct_conv_shape *shape,                                 \
                               const struct oct_conv_weights *weights, void *packed)               \
    {                                                                                              \
        conv_pack(shape, weights, packed, VECTORS);                                                \
    }                                                                                              \
                                                                                                   \
    static void run_##VECTORS(const struct oct_conv_job *job, const struct oct_conv_range *range,  \
                              void *scratch)                                                       \
    {                                                                                              \
        conv_run(job, range, scratch, VECTORS);                                                    \
    }                                                                                              \
                                                                                                   \
    static const struct oct_conv_kernel kernel_##VECTORS = {                                       \
        .name = NAME,                                                                              \
        .tile_pixels = PIXELS,                                                                     \
        .tile_channels = (VECTORS)*OCT_LANES,                                                      \
        .packed_bytes = conv_packed_bytes,                                                         \
        .pack = pack_##VECTORS,                                                                    \
        .scratch_bytes = conv_scratch_bytes,                                                       \
        .run = run_##VECTORS,                                                                      \
    };

#endif
