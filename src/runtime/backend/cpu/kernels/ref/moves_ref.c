/* SPDX-License-Identifier: Apache-2.0 */
/* Upsampling, conversions, pixels to float, and the loops that measure a machine's peak, in C. */
#include <string.h>

#include "runtime/backend/cpu/kernels/ref/ref.h"
#include "runtime/backend/cpu/kernels/transformed.h"

void oct_upsample2_ref(const struct oct_view *input, const struct oct_view *output, int channels,
                       int output_width, int row_begin, int row_end)
{
    const size_t bytes = oct_type_bytes(input->type), length = (size_t)channels * bytes;
    for (int y = row_begin; y < row_end; y++) {
        const uint8_t *in = (const uint8_t *)input->data + (size_t)(y / 2) * input->row * bytes;
        uint8_t *out = (uint8_t *)output->data + (size_t)y * output->row * bytes;
        for (int x = 0; x < output_width; x++)
            memcpy(out + (size_t)x * output->pixel * bytes,
                   in + (size_t)(x / 2) * input->pixel * bytes, length);
    }
}

void oct_convert_ref(const struct oct_view *input, const struct oct_view *output, int channels,
                     int width, int row_begin, int row_end)
{
    for (int y = row_begin; y < row_end; y++) {
        for (int x = 0; x < width; x++) {
            const ptrdiff_t from = (ptrdiff_t)((size_t)y * input->row + (size_t)x * input->pixel);
            const ptrdiff_t to = (ptrdiff_t)((size_t)y * output->row + (size_t)x * output->pixel);
            for (int c = 0; c < channels; c++) {
                oct_store_at(output, to + c, oct_value_at(input, from + c));
            }
        }
    }
}

void oct_pixels_to_float_ref(const uint8_t *codes, float *values, size_t pixels)
{
    const float scale = 1.0f / 255.0f;
    for (size_t i = 0; i < 4 * pixels; i++)
        values[i] = (float)codes[i] * scale;
}

void oct_pixels_to_bf16_ref(const uint8_t *codes, uint16_t *values, size_t pixels)
{
    for (size_t i = 0; i < 4 * pixels; i++)
        values[i] = oct_bf16_of((float)codes[i] * (1.0f / 255.0f));
}

/* The inner loop of the reference convolution, over 16 sums. */
#define DEFINE_BURN(name, SUM, CODE)                                                               \
    static uint64_t name(uint64_t rounds)                                                          \
    {                                                                                              \
        CODE weights[4][16];                                                                       \
        SUM sums[16];                                                                              \
        for (int n = 0; n < 16; n++) {                                                             \
            sums[n] = 0;                                                                           \
            for (int k = 0; k < 4; k++)                                                            \
                weights[k][n] = (CODE)(n + k);                                                     \
        }                                                                                          \
        for (uint64_t round = 0; round < rounds; round++) {                                        \
            const CODE code = (CODE)(round & 1);                                                   \
            for (int k = 0; k < 4; k++) {                                                          \
                for (int n = 0; n < 16; n++)                                                       \
                    sums[n] += code * weights[k][n];                                               \
                __asm__ volatile("" : : "r"(sums) : "memory");                                     \
            }                                                                                      \
        }                                                                                          \
        return rounds * 64;                                                                        \
    }

DEFINE_BURN(burn_u8, uint32_t, int16_t)
DEFINE_BURN(burn_f32, float, float)

static uint64_t burn_bf16(uint64_t rounds)
{
    uint16_t weights[16];
    float sums[16] = {0.0f};
    for (int n = 0; n < 16; n++)
        weights[n] = oct_bf16_of((float)n);
    for (uint64_t round = 0; round < rounds; round++) {
        for (int n = 0; n < 16; n++)
            sums[n] += (float)(round & 1) * oct_bf16_value(weights[n]);
        __asm__ volatile("" : : "r"(sums) : "memory");
    }
    return rounds * 16;
}

static const struct oct_conv_kernel *choose_conv_u8(const struct oct_conv_shape *shape)
{
    (void)shape;
    return &oct_conv_u8_ref;
}

static const struct oct_conv_kernel *choose_conv_f32(const struct oct_conv_shape *shape)
{
    return oct_is_transformed(shape, OCT_WINOGRAD_PIXELS_F32) ? &oct_winograd_f32_ref
                                                              : &oct_conv_f32_ref;
}

static const struct oct_conv_kernel *choose_conv_bf16(const struct oct_conv_shape *shape)
{
    (void)shape;
    return &oct_conv_bf16_ref;
}

void oct_kernels_fill_ref(struct oct_kernels *kernels)
{
    *kernels = (struct oct_kernels){
        .set = "ref",
        .choose_conv_u8 = choose_conv_u8,
        .choose_conv_f32 = choose_conv_f32,
        .choose_conv_half = choose_conv_bf16,
        .depthwise_u8 = &oct_depthwise_u8_ref,
        .depthwise_f32 = &oct_depthwise_f32_ref,
        .depthwise_half = &oct_depthwise_bf16_ref,
        .half_storage = OCT_TYPE_F32,
        .pool_scratch_bytes = oct_pool_scratch_bytes_ref,
        .max_pool_u8 = oct_max_pool_u8_ref,
        .max_pool_f32 = oct_max_pool_f32_ref,
        .max_pool_half = oct_max_pool_bf16_ref,
        .mean_pool = oct_mean_pool_ref,
        .upsample2 = oct_upsample2_ref,
        .convert = oct_convert_ref,
        .table = oct_table_ref,
        .attention_u8 = &oct_attention_u8_ref,
        .attention_float = &oct_attention_float_ref,
        .pixels_to_float = oct_pixels_to_float_ref,
        .pixels_to_half = oct_pixels_to_bf16_ref,
        .measure = {oct_measure_ref, oct_count_bins_ref},
        .resize.blend_columns = oct_blend_columns_ref,
        .resize.blend_rows = oct_blend_rows_ref,
        .resize.halve_rows = oct_halve_rows_ref,
        .resize.widen_pixels = oct_widen_pixels_ref,
        .resize.swap_pixels = oct_swap_pixels_ref,
        .resize.yuv_pixels = oct_yuv_pixels_ref,
        .burn_u8 = burn_u8,
        .burn_f32 = burn_f32,
        .burn_half = burn_bf16,
    };
}
