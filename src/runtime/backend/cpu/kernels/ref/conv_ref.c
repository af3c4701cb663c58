/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Convolution in plain C: the definition. Sixteen output channels of one pixel at a time, taps in
 * order, input channels in order. Packed weights: [output channels / 16][tap][input channel][16],
 * int16, float or BF16.
 */
#include "base/fused.h"
#include "network/float_functions.h"
#include "runtime/backend/cpu/kernels/kernels.h"
#include "runtime/backend/cpu/kernels/ref/ref.h"

enum { TILE = OCT_FUSED_ROW };

static size_t packed_elements(const struct oct_conv_shape *shape)
{
    const size_t tiles = ((size_t)shape->output_channels + TILE - 1) / TILE;
    return tiles * TILE * (size_t)(shape->kernel * shape->kernel) * (size_t)shape->input_channels;
}

static size_t packed_bytes_u8(const struct oct_conv_shape *shape)
{
    return packed_elements(shape) * sizeof(int16_t);
}

static size_t packed_bytes_f32(const struct oct_conv_shape *shape)
{
    return packed_elements(shape) * sizeof(float);
}

/* Where the packed weight of output channel `output` at `depth` = tap * input channels + input
 * channel comes from; false: it is a zero. */
static bool find_weight(const struct oct_conv_shape *shape, const struct oct_conv_weights *weights,
                        int output, int depth, size_t *from)
{
    const int tap = depth / shape->input_channels, input = depth % shape->input_channels;
    const size_t taps = (size_t)(shape->kernel * shape->kernel);
    if (!oct_conv_find(weights, output, input, taps, from))
        return false;
    *from += (size_t)tap;
    return true;
}

static int depth_of(const struct oct_conv_shape *shape)
{
    return shape->kernel * shape->kernel * shape->input_channels;
}

static void pack_u8(const struct oct_conv_shape *shape, const struct oct_conv_weights *weights,
                    void *packed)
{
    int16_t *out = packed;
    size_t from;
    for (int tile = 0; tile < shape->output_channels; tile += TILE) {
        for (int k = 0; k < depth_of(shape); k++) {
            for (int n = tile; n < tile + TILE; n++)
                *out++ = find_weight(shape, weights, n, k, &from) ? weights->codes[from] : 0;
        }
    }
}

static void pack_f32(const struct oct_conv_shape *shape, const struct oct_conv_weights *weights,
                     void *packed)
{
    float *out = packed;
    size_t from;
    for (int tile = 0; tile < shape->output_channels; tile += TILE) {
        for (int k = 0; k < depth_of(shape); k++) {
            for (int n = tile; n < tile + TILE; n++)
                *out++ =
                    find_weight(shape, weights, n, k, &from) ? oct_conv_value(weights, from) : 0.0f;
        }
    }
}

static size_t no_scratch(const struct oct_conv_shape *shape)
{
    (void)shape;
    return 0;
}

/* Adds the residual and stores `count` channels from `channel` of pixel (y, x); `values` are after
 * the activation. */
static void finish(const struct oct_conv_job *job, int y, int x, int channel, int count,
                   float *values)
{
    const struct oct_view *residual = &job->residual, *output = &job->output;
    if (residual->data) {
        const size_t at = (size_t)y * residual->row + (size_t)x * residual->pixel + (size_t)channel;
        for (int n = 0; n < count; n++) {
            if (residual->type == OCT_TYPE_U8) {
                const int code = ((const uint8_t *)residual->data)[at + (size_t)n];
                values[n] = fmaf((float)(code - residual->quantization.zero_point),
                                 residual->quantization.scale, values[n]);
            } else {
                values[n] += oct_value_at(residual, (ptrdiff_t)at + n);
            }
        }
    }
    const size_t at = (size_t)y * output->row + (size_t)x * output->pixel + (size_t)channel;
    for (int n = 0; n < count; n++)
        oct_store_at(output, (ptrdiff_t)at + n, values[n]);
}

void oct_finish_codes_ref(const struct oct_conv_job *job, int y, int x, int channel, int count,
                          const int32_t *sums)
{
    float values[TILE];
    for (int n = 0; n < count; n++) {
        const float value = fmaf((float)sums[n], job->scale[channel + n], job->bias[channel + n]);
        values[n] = oct_activate(job->activation, job->slope, value);
    }
    finish(job, y, x, channel, count, values);
}

void oct_finish_floats_ref(const struct oct_conv_job *job, int y, int x, int channel, int count,
                           float *values)
{
    for (int n = 0; n < count; n++)
        values[n] = job->activation == OCT_ACTIVATION_SILU
                        ? oct_silu_value(values[n])
                        : oct_activate(job->activation, job->slope, values[n]);
    finish(job, y, x, channel, count, values);
}

static void pixel_u8(const struct oct_conv_job *job, int y, int x, int channel, int count)
{
    const struct oct_conv_shape *shape = &job->shape;
    const int depth = shape->kernel * shape->kernel * shape->input_channels;
    const int16_t *weights = (const int16_t *)job->packed + (size_t)channel * (size_t)depth;
    const uint8_t *input = (const uint8_t *)job->input.data +
                           (size_t)(y * shape->stride) * job->input.row +
                           (size_t)(x * shape->stride) * job->input.pixel;
    int32_t sum[TILE];
    for (int n = 0; n < TILE; n++)
        sum[n] = n < count ? job->start[channel + n] : 0;
    for (int tap = 0; tap < shape->kernel * shape->kernel; tap++) {
        const uint8_t *codes = input + (size_t)(tap / shape->kernel) * job->input.row +
                               (size_t)(tap % shape->kernel) * job->input.pixel;
        for (int c = 0; c < shape->input_channels; c++, weights += TILE) {
            const int16_t code = codes[c];
            for (int n = 0; n < TILE; n++)
                sum[n] += code * weights[n];
        }
    }
    oct_finish_codes_ref(job, y, x, channel, count, sum);
}

static void pixel_f32(const struct oct_conv_job *job, int y, int x, int channel, int count)
{
    const struct oct_conv_shape *shape = &job->shape;
    const int depth = shape->kernel * shape->kernel * shape->input_channels;
    const float *weights = (const float *)job->packed + (size_t)channel * (size_t)depth;
    const float *input = (const float *)job->input.data +
                         (size_t)(y * shape->stride) * job->input.row +
                         (size_t)(x * shape->stride) * job->input.pixel;
    float sum[TILE];
    for (int n = 0; n < TILE; n++)
        sum[n] = n < count ? job->bias[channel + n] : 0.0f;
    for (int tap = 0; tap < shape->kernel * shape->kernel; tap++) {
        const float *values = input + (size_t)(tap / shape->kernel) * job->input.row +
                              (size_t)(tap % shape->kernel) * job->input.pixel;
        for (int c = 0; c < shape->input_channels; c++, weights += TILE)
            oct_fused_row(sum, values[c], weights);
    }
    oct_finish_floats_ref(job, y, x, channel, count, sum);
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

static void run_u8(const struct oct_conv_job *job, const struct oct_conv_range *range,
                   void *scratch)
{
    (void)scratch;
    run(job, range, pixel_u8);
}

static void run_f32(const struct oct_conv_job *job, const struct oct_conv_range *range,
                    void *scratch)
{
    (void)scratch;
    run(job, range, pixel_f32);
}

const struct oct_conv_kernel oct_conv_u8_ref = {
    .name = "conv_u8_ref_1x16",
    .tile_pixels = 1,
    .tile_channels = TILE,
    .packed_bytes = packed_bytes_u8,
    .pack = pack_u8,
    .scratch_bytes = no_scratch,
    .run = run_u8,
};

const struct oct_conv_kernel oct_conv_f32_ref = {
    .name = "conv_f32_ref_1x16",
    .tile_pixels = 1,
    .tile_channels = TILE,
    .packed_bytes = packed_bytes_f32,
    .pack = pack_f32,
    .scratch_bytes = no_scratch,
    .run = run_f32,
};

/* Of 16 bits: WEIGHT(w) is a bfloat16 as packed, VALUE(x) what an element stands for. */
#define DEFINE_HALF(type, WEIGHT, VALUE)                                                           \
    static size_t packed_bytes_##type(const struct oct_conv_shape *shape)                          \
    {                                                                                              \
        return packed_elements(shape) * sizeof(uint16_t);                                          \
    }                                                                                              \
                                                                                                   \
    static void pack_##type(const struct oct_conv_shape *shape,                                    \
                            const struct oct_conv_weights *weights, void *packed)                  \
    {                                                                                              \
        uint16_t *out = packed;                                                                    \
        size_t from;                                                                               \
        for (int tile = 0; tile < shape->output_channels; tile += TILE) {                          \
            for (int k = 0; k < depth_of(shape); k++) {                                            \
                for (int n = tile; n < tile + TILE; n++)                                           \
                    *out++ = find_weight(shape, weights, n, k, &from)                              \
                                 ? WEIGHT(weights->bf16[from])                                     \
                                 : 0;                                                              \
            }                                                                                      \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    static void pixel_##type(const struct oct_conv_job *job, int y, int x, int channel, int count) \
    {                                                                                              \
        const struct oct_conv_shape *shape = &job->shape;                                          \
        const int depth = shape->kernel * shape->kernel * shape->input_channels;                   \
        const uint16_t *weights = (const uint16_t *)job->packed + (size_t)channel * (size_t)depth; \
        const uint16_t *input = (const uint16_t *)job->input.data +                                \
                                (size_t)(y * shape->stride) * job->input.row +                     \
                                (size_t)(x * shape->stride) * job->input.pixel;                    \
        float sum[TILE];                                                                           \
        for (int n = 0; n < TILE; n++)                                                             \
            sum[n] = n < count ? job->bias[channel + n] : 0.0f;                                    \
        for (int tap = 0; tap < shape->kernel * shape->kernel; tap++) {                            \
            const uint16_t *values = input + (size_t)(tap / shape->kernel) * job->input.row +      \
                                     (size_t)(tap % shape->kernel) * job->input.pixel;             \
            for (int c = 0; c < shape->input_channels; c++, weights += TILE) {                     \
                const float value = VALUE(values[c]);                                              \
                for (int n = 0; n < TILE; n++)                                                     \
                    sum[n] += value * VALUE(weights[n]);                                           \
            }                                                                                      \
        }                                                                                          \
        oct_finish_floats_ref(job, y, x, channel, count, sum);                                     \
    }                                                                                              \
                                                                                                   \
    static void run_##type(const struct oct_conv_job *job, const struct oct_conv_range *range,     \
                           void *scratch)                                                          \
    {                                                                                              \
        (void)scratch;                                                                             \
        run(job, range, pixel_##type);                                                             \
    }                                                                                              \
                                                                                                   \
    const struct oct_conv_kernel oct_conv_##type##_ref = {                                         \
        .name = "conv_" #type "_ref_1x16",                                                         \
        .tile_pixels = 1,                                                                          \
        .tile_channels = TILE,                                                                     \
        .packed_bytes = packed_bytes_##type,                                                       \
        .pack = pack_##type,                                                                       \
        .scratch_bytes = no_scratch,                                                               \
        .run = run_##type,                                                                         \
    };

#define ITSELF(w) (w)
#define TO_F16(w) oct_f16_of(oct_bf16_value(w))
DEFINE_HALF(bf16, ITSELF, oct_bf16_value)
DEFINE_HALF(f16, TO_F16, oct_f16_value)
