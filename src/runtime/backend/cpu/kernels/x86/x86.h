/* SPDX-License-Identifier: Apache-2.0 */
/* The x86 kernels, as the table and the harness name them. */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_X86_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_X86_H

#include "runtime/backend/cpu/kernels/kernels.h"
#include "runtime/backend/cpu/kernels/vector/contract.h"
#include "runtime/backend/cpu/kernels/vector/winograd_choice.h"

/* Kernels of a set, by the vectors of output channels that a tile holds, from 1 up. */
enum { OCT_AVX2_WIDTHS = 3, OCT_AVX512_WIDTHS = 5, OCT_AMX_WIDTHS = 1 };

extern const struct oct_conv_kernel *const oct_conv_u8_avx2[OCT_AVX2_WIDTHS];
extern const struct oct_conv_kernel *const oct_conv_f32_avx2[OCT_AVX2_WIDTHS];
extern const struct oct_conv_kernel *const oct_conv_u8_avxvnni[OCT_AVX2_WIDTHS];
extern const struct oct_conv_kernel *const oct_conv_f32_avx512[OCT_AVX512_WIDTHS];
extern const struct oct_conv_kernel *const oct_conv_u8_avx512vnni[OCT_AVX512_WIDTHS];
extern const struct oct_conv_kernel *const oct_conv_bf16_avx512bf16[OCT_AVX512_WIDTHS];
extern const struct oct_conv_kernel *const oct_conv_u8_amx[OCT_AMX_WIDTHS];
extern const struct oct_conv_kernel *const oct_conv_bf16_amxbf16[OCT_AMX_WIDTHS];

/* 3x3 convolutions by Winograd's transforms (winograd.h). */
enum { OCT_AVX2_WINOGRADS = 1, OCT_AVX512_WINOGRADS = 2 };

extern const struct oct_conv_kernel *const oct_winograd_u8_avx2[OCT_AVX2_WINOGRADS];
extern const struct oct_conv_kernel *const oct_winograd_f32_avx2[OCT_AVX2_WINOGRADS];
extern const struct oct_conv_kernel *const oct_winograd_u8_avxvnni[OCT_AVX2_WINOGRADS];
extern const struct oct_conv_kernel *const oct_winograd_f32_avx512[OCT_AVX512_WINOGRADS];
extern const struct oct_conv_kernel *const oct_winograd_u8_avx512vnni[OCT_AVX512_WINOGRADS];
extern const struct oct_conv_kernel *const oct_winograd_bf16_avx512bf16[OCT_AVX512_WINOGRADS];

/* Depthwise convolutions (depthwise.h). */
extern const struct oct_conv_kernel oct_depthwise_u8_avx2, oct_depthwise_f32_avx2,
    oct_depthwise_u8_avxvnni, oct_depthwise_f32_avx512, oct_depthwise_u8_avx512vnni,
    oct_depthwise_bf16_avx512bf16;

extern const struct oct_attention_kernel oct_attention_u8_avx2, oct_attention_u8_avxvnni,
    oct_attention_u8_avx512, oct_attention_u8_avx512vnni, oct_attention_float_avx2,
    oct_attention_float_avx512;

/* The finish for FINISH_* flags (finish_job.h), one for each type and width of vectors. */
finish_function *oct_finish_u8_avx2(int flags);
finish_function *oct_finish_u8_avx512(int flags);
finish_function *oct_finish_f32_avx2(int flags);
finish_function *oct_finish_f32_avx512(int flags);
finish_function *oct_finish_bf16_avx512bf16(int flags);

/* F32's tiles (tiles.h), which BF16's and F32's Winograd kernels use too. */
extern tile_function *const oct_tiles_f32_avx2[OCT_AVX2_WIDTHS + 1][TILE_PIXELS];
extern tile_function *const oct_tiles_f32_avx512[OCT_AVX512_WIDTHS + 1][TILE_PIXELS];

/* Parts of oct_kernels_fill_avx2(). */
void oct_fill_u8_avx2(struct oct_kernels *kernels);
void oct_fill_f32_avx2(struct oct_kernels *kernels);
void oct_fill_resize_avx2(struct oct_kernels *kernels);
void oct_fill_yuv_avx2(struct oct_kernels *kernels);
void oct_fill_measure_avx2(struct oct_kernels *kernels);
void oct_fill_pools_avx2(struct oct_kernels *kernels);
void oct_fill_means_avx2(struct oct_kernels *kernels);

/* Of oct_kernels_fill_avx512(). */
void oct_fill_measure_avx512(struct oct_kernels *kernels);

#endif
