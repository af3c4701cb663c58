/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise convolution in plain C: the definition. Sixteen channels of one pixel at a time, taps
 * in order. Packed weights: [channels / 16][tap][16], int16, float or BF16.
 */
#include "base/fused.h"
#include "runtime/backend/cpu/kernels/kernels.h"
#include "runtime/backend/cpu/kernels/ref/ref.h"

enum { TILE = 16 };

static int taps_of(const struct oct_conv_shape *shape)
{
    return shape->kernel * shape->kernel;
}

static size_t packed_elements(const struct oct_conv_shape *shape)
{
    const size_t tiles = ((size_t)shape->output_channels + TILE - 1) / TILE;
    return tiles * TILE * (size_t)taps_of(shape);
}

static size_t no_scratch(const struct oct_conv_shape *shape)
{
    (void)shape;
    return 0;
}

static void run(const struct oct_conv_job *job, const struct oct_conv_range *range,
                void (*pixel)(const struct oct_conv_job *, int, int, int, int))
{
    for (int y = range->row_begin; y < range->row_end; y++) {
        for (int channel = range->channel_begin; channel < range->channel_end; channel += TILE) {
            const int left = range->channel_end - channel;
            for (int x = 0; x < job->shape.output_width; x++)
                pixel(job, y, x, channel, left < TILE ? left : TILE);
        }
    }
}

/* PACKED and INPUT: types of weights and input; WEIGHT(at) gives a weight as packed, PLUS(x, w,
 * sum) what a sum comes to with a product; FIRST is what SUM begins with; FINISH takes the sums. */
#define DEFINE_DEPTHWISE(type, PACKED, INPUT, SUM, WEIGHT, PLUS, FIRST, FINISH)                    \
    static size_t packed_bytes_##type(const struct oct_conv_shape *shape)                          \
    {                                                                                              \
        return packed_elements(shape) * sizeof(PACKED);                                            \
    }                                                                                              \
                                                                                                   \
    static void pack_##type(const struct oct_conv_shape *shape,                                    \
                            const struct oct_conv_weights *weights, void *packed)                  \
    {                                                                                              \
        const size_t taps = (size_t)taps_of(shape);                                                \
        PACKED *out = packed;                                                                      \
        for (int tile = 0; tile < shape->output_channels; tile += TILE)                            \
            for (size_t tap = 0; tap < taps; tap++)                                                \
                for (int n = tile; n < tile + TILE; n++)                                           \
                    *out++ = n < weights->output_channels ? WEIGHT((size_t)n * taps + tap) : 0;    \
    }                                                                                              \
                                                                                                   \
    static void pixel_##type(const struct oct_conv_job *job, int y, int x, int channel, int count) \
    {                                                                                              \
        const struct oct_conv_shape *shape = &job->shape;                                          \
        const PACKED *weights =                                                                    \
            (const PACKED *)job->packed + (size_t)channel * (size_t)taps_of(shape);                \
        const INPUT *input = (const INPUT *)job->input.data +                                      \
                             (size_t)(y * shape->stride) * job->input.row +                        \
                             (size_t)(x * shape->stride) * job->input.pixel + (size_t)channel;     \
        SUM sum[TILE];                                                                             \
        for (int n = 0; n < count; n++)                                                            \
            sum[n] = FIRST[channel + n];                                                           \
        for (int tap = 0; tap < taps_of(shape); tap++, weights += TILE) {                          \
            const INPUT *values = input + (size_t)(tap / shape->kernel) * job->input.row +         \
                                  (size_t)(tap % shape->kernel) * job->input.pixel;                \
            for (int n = 0; n < count; n++)                                                        \
                sum[n] = PLUS(values[n], weights[n], sum[n]);                                      \
        }                                                                                          \
        FINISH(job, y, x, channel, count, sum);                                                    \
    }                                                                                              \
                                                                                                   \
    static void run_##type(const struct oct_conv_job *job, const struct oct_conv_range *range,     \
                           void *scratch)                                                          \
    {                                                                                              \
        (void)scratch;                                                                             \
        run(job, range, pixel_##type);                                                             \
    }                                                                                              \
                                                                                                   \
    const struct oct_conv_kernel oct_depthwise_##type##_ref = {                                    \
        .name = "depthwise_" #type "_ref_1x16",                                                    \
        .tile_pixels = 1,                                                                          \
        .tile_channels = TILE,                                                                     \
        .depthwise = true,                                                                         \
        .packed_bytes = packed_bytes_##type,                                                       \
        .pack = pack_##type,                                                                       \
        .scratch_bytes = no_scratch,                                                               \
        .run = run_##type,                                                                         \
    };

#define CODE(at) weights->codes[at]
#define REAL(at) oct_conv_value(weights, at)
#define HALF(at) weights->bf16[at]
#define PLUS_CODES(x, w, sum) ((sum) + (x) * (w))
#define PLUS_HALVES(x, w, sum) oct_fused(oct_bf16_value(x), oct_bf16_value(w), sum)
#define IEEE(at) oct_f16_of(oct_bf16_value(weights->bf16[at]))
#define PLUS_IEEE(x, w, sum) oct_fused(oct_f16_value(x), oct_f16_value(w), sum)

DEFINE_DEPTHWISE(u8, int16_t, uint8_t, int32_t, CODE, PLUS_CODES, job->start, oct_finish_codes_ref)
DEFINE_DEPTHWISE(f32, float, float, float, REAL, oct_fused, job->bias, oct_finish_floats_ref)
DEFINE_DEPTHWISE(bf16, uint16_t, uint16_t, float, HALF, PLUS_HALVES, job->bias,
                 oct_finish_floats_ref)
DEFINE_DEPTHWISE(f16, uint16_t, uint16_t, float, IEEE, PLUS_IEEE, job->bias, oct_finish_floats_ref)
