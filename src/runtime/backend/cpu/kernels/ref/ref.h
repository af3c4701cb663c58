/* SPDX-License-Identifier: Apache-2.0 */
/* The plain C kernels, as the table and the harness name them. */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_REF_REF_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_REF_REF_H

#include "runtime/backend/cpu/kernels/kernels.h"
#include "runtime/backend/cpu/kernels/view_elements.h"

extern const struct oct_conv_kernel oct_conv_u8_ref, oct_conv_f32_ref, oct_conv_bf16_ref,
    oct_conv_f16_ref;
extern const struct oct_conv_kernel oct_winograd_f32_ref; /* of the shapes of transformed.h */
extern const struct oct_conv_kernel oct_depthwise_u8_ref, oct_depthwise_f32_ref,
    oct_depthwise_bf16_ref, oct_depthwise_f16_ref;

/* What follows the sums of `count` channels from `channel` of pixel (y, x), and the store: of codes
 * with start, but without scale and bias; of floats with their bias. */
void oct_finish_codes_ref(const struct oct_conv_job *job, int y, int x, int channel, int count,
                          const int32_t *sums);
void oct_finish_floats_ref(const struct oct_conv_job *job, int y, int x, int channel, int count,
                           float *values);

extern const struct oct_attention_kernel oct_attention_u8_ref, oct_attention_float_ref;

size_t oct_pool_scratch_bytes_ref(const struct oct_pool_job *job);
void oct_max_pool_u8_ref(const struct oct_pool_job *job, int row_begin, int row_end, void *scratch);
void oct_max_pool_f32_ref(const struct oct_pool_job *job, int row_begin, int row_end,
                          void *scratch);
void oct_max_pool_bf16_ref(const struct oct_pool_job *job, int row_begin, int row_end,
                           void *scratch);
void oct_max_pool_f16_ref(const struct oct_pool_job *job, int row_begin, int row_end,
                          void *scratch);
void oct_mean_pool_ref(const struct oct_pool_job *job, int row_begin, int row_end, void *scratch);
void oct_upsample2_ref(const struct oct_view *input, const struct oct_view *output, int channels,
                       int output_width, int row_begin, int row_end);
void oct_convert_ref(const struct oct_view *input, const struct oct_view *output, int channels,
                     int width, int row_begin, int row_end);
void oct_table_ref(const struct oct_table_job *job, int row_begin, int row_end);
void oct_pixels_to_float_ref(const uint8_t *codes, float *values, size_t pixels);
void oct_pixels_to_bf16_ref(const uint8_t *codes, uint16_t *values, size_t pixels);
void oct_blend_columns_ref(const struct oct_columns *columns, const uint8_t *source,
                           int16_t *blended);
void oct_blend_rows_ref(const struct oct_blended_rows *rows, uint8_t *out);
void oct_halve_rows_ref(const struct oct_halved_rows *rows, uint8_t *out);
void oct_widen_pixels_ref(const uint8_t *rgb, uint8_t *rgb0, int pixels);
void oct_swap_pixels_ref(const uint8_t *bgr, uint8_t *rgb, int pixels);
bool oct_measure_channel_ref(const struct oct_measures *seen, const struct oct_pixel_run *run,
                             int channel, float low, float high);
bool oct_measure_ref(const struct oct_measures *seen, const struct oct_pixel_run *run, float low,
                     float high);
void oct_count_bins_ref(const struct oct_bins *bins, const float *values, size_t count,
                        uint32_t *counts);
void oct_yuv_pixels_ref(const struct oct_yuv_row *row, const struct oct_yuv_factors *factors,
                        uint8_t *rgb, int pixels);
/* The same from a column of the target on, which is even where pixels are YUV: what a kernel of
 * whole vectors leaves. `blended`, `out` and `rgb` are those of column 0. */
void oct_blend_columns_rest_ref(const struct oct_columns *columns, int from, const uint8_t *source,
                                int16_t *blended);
void oct_blend_rows_rest_ref(const struct oct_blended_rows *rows, int from, uint8_t *out);
void oct_halve_rows_rest_ref(const struct oct_halved_rows *rows, int from, uint8_t *out);
void oct_yuv_pixels_rest_ref(const struct oct_yuv_row *row, const struct oct_yuv_factors *factors,
                             int from, uint8_t *rgb, int pixels);

#endif
