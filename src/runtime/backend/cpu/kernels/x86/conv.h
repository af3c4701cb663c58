/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole convolution out of tiles (tiles.h) and what is done to their sums (finish.h): packing,
 * rows, channel tiles, and the kernels' entries.
 *
 * Packed weights: [channel tile][tap][input channels / OCT_GROUP][channels of the tile][OCT_GROUP];
 * the last channel tile is only as wide as it must be, in whole vectors. A row is cut into tiles of
 * equal widths, so that no pixel is worked out twice.
 *
 * The including file defines what tiles.h and finish.h ask for, and
 *   OCT_CODES  1: U8 input, int32 sums; 0: F32, or BF16 with OCT_GROUP 2
 *   OCT_WIDEN  1: codes are widened to 16 bits into the scratch first, by v_widen(); 0: in place
 */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_CONV_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_CONV_H

#include <string.h>

#include "base/bfloat16.h"

#define OCT_SUMS 0 /* tiles scale them */
#include "runtime/backend/cpu/kernels/x86/finish_job.h"
#include "runtime/backend/cpu/kernels/x86/tiles.h"

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

static void pack_weight(const struct oct_conv_weights *weights, size_t from, bool exists, void *to)
{
#if OCT_BF16
    *(uint16_t *)to = exists ? oct_bf16_of(weights->values[from]) : 0;
#elif !OCT_CODES
    *(float *)to = exists ? weights->values[from] : 0.0f;
#elif OCT_GROUP == 2
    *(int16_t *)to = exists ? weights->codes[from] : 0;
#else
    *(int8_t *)to = exists ? weights->codes[from] : 0;
#endif
}

static void conv_pack(const struct oct_conv_shape *shape, const struct oct_conv_weights *weights,
                      void *packed, int vectors)
{
    const size_t depth = conv_depth(shape);
    uint8_t *out = packed;
    for (int tile = 0; tile < shape->output_channels; tile += vectors * OCT_LANES) {
        const int left = whole_vectors(shape->output_channels - tile);
        const int width = (left < vectors ? left : vectors) * OCT_LANES;
        for (size_t k = 0; k < depth; k += OCT_GROUP) {
            for (int n = tile; n < tile + width; n++) {
                for (size_t i = 0; i < OCT_GROUP; i++, out += WEIGHT_BYTES)
                    pack_weight(weights, (size_t)n * depth + k + i, n < shape->output_channels,
                                out);
            }
        }
    }
}

/* Where a strip of rows is read, distances in bytes; `data` is tap (0, 0) of the strip's first row.
 */
struct strip {
    const uint8_t *data;
    size_t row, pixel;
    bool dense; /* pixels lie end to end */
};

#if OCT_WIDEN
enum { STRIP_BYTES = 96 * 1024 };

static size_t widened_row_bytes(const struct oct_conv_shape *shape)
{
    const int width = (shape->output_width - 1) * shape->stride + shape->kernel;
    return ((size_t)width * (size_t)shape->input_channels * sizeof(int16_t) + 127) & ~(size_t)63;
}

/* Output rows whose input rows, widened, take about STRIP_BYTES. */
static int strip_rows(const struct oct_conv_shape *shape)
{
    const size_t row = widened_row_bytes(shape);
    const int rows = (int)(STRIP_BYTES / row) - (shape->kernel - shape->stride);
    const int strip = rows / shape->stride;
    return strip < 1 ? 1 : strip > shape->output_height ? shape->output_height : strip;
}

static size_t conv_scratch_bytes(const struct oct_conv_shape *shape)
{
    const int rows = (strip_rows(shape) - 1) * shape->stride + shape->kernel;
    return (size_t)rows * widened_row_bytes(shape) + 64;
}

static struct strip take_strip(const struct oct_conv_job *job, int begin, int end, void *scratch)
{
    const struct oct_conv_shape *shape = &job->shape;
    const int rows = (end - begin - 1) * shape->stride + shape->kernel;
    const int width = (shape->output_width - 1) * shape->stride + shape->kernel;
    const size_t channels = (size_t)shape->input_channels;
    const struct strip strip = {scratch, widened_row_bytes(shape), channels * sizeof(int16_t),
                                true};
    for (int y = 0; y < rows; y++) {
        const uint8_t *in =
            (const uint8_t *)job->input.data + (size_t)(begin * shape->stride + y) * job->input.row;
        uint8_t *out = (uint8_t *)scratch + (size_t)y * strip.row;
        if (job->input.pixel == channels)
            v_widen(in, out, (size_t)width * channels);
        for (int x = 0; x < width && job->input.pixel != channels; x++)
            v_widen(in + (size_t)x * job->input.pixel, out + (size_t)x * strip.pixel, channels);
    }
    return strip;
}
#else
static int strip_rows(const struct oct_conv_shape *shape)
{
    return shape->output_height;
}

static size_t conv_scratch_bytes(const struct oct_conv_shape *shape)
{
    (void)shape;
    return 0;
}

static struct strip take_strip(const struct oct_conv_job *job, int begin, int end, void *scratch)
{
    (void)end;
    (void)scratch;
    const size_t element = OCT_CODES ? 1 : STEP_BYTES / OCT_GROUP;
    const size_t row = job->input.row * element, pixel = job->input.pixel * element;
    const uint8_t *data = job->input.data;
    return (struct strip){data + (size_t)(begin * job->shape.stride) * row, row, pixel,
                          job->input.pixel == (size_t)job->shape.input_channels};
}
#endif

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
    _Alignas(64) float values[TILE_VECTORS * OCT_LANES];
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
 * Vectors of channels in a tile for a shape, by an estimate of cycles: two multiplications or two
 * loads at a time, and at least the latency of one sum; and what a step costs besides.
 */
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
            for (int i = 0; i < tiles; i++) {
                const int pixels = width / tiles + (i < width % tiles);
                const double multiply = pixels * v / 2.0, load = (pixels + v) / 2.0;
                const double slowest = multiply > load ? multiply : load;
                cost += (slowest > 4.5 ? slowest : 4.5) + 0.15 * v + 0.5;
            }
        }
        if (vectors == 1 || cost < best_cost) {
            best = vectors;
            best_cost = cost;
        }
    }
    return best;
}

/* The steps of a tile without its loads; returns multiply-adds of groups. */
static uint64_t burn_tiles(uint64_t rounds)
{
    enum { BURN_SUMS = OCT_LANES == 16 ? 24 : 12 };
    _Alignas(64) static const int32_t zeros[OCT_LANES];
    v_sum sum[BURN_SUMS], x = v_sum_load(zeros), w = v_sum_load(zeros);
    __asm__ volatile("" : "+v"(x), "+v"(w)); /* numbers that the compiler does not know */
    OCT_UNROLL for (int i = 0; i < BURN_SUMS; i++) sum[i] = v_sum_load(zeros);
    for (uint64_t round = 0; round < rounds; round++) {
        OCT_UNROLL for (int i = 0; i < BURN_SUMS; i++)
        {
            V_STEP(sum[i], x, w);
            __asm__ volatile("" : "+v"(sum[i]), "+v"(x)); /* no step is another's copy */
        }
    }
    return rounds * BURN_SUMS * OCT_LANES;
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
