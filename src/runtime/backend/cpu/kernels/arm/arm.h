/* SPDX-License-Identifier: Apache-2.0 */
/* The ARM kernels, as the table and the harness name them. */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_ARM_ARM_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_ARM_ARM_H

#include "runtime/backend/cpu/kernels/kernels.h"
#include "runtime/backend/cpu/kernels/vector/contract.h"
#include "runtime/backend/cpu/kernels/vector/winograd_choice.h"

extern const struct oct_conv_kernel oct_conv_u8_neon, oct_conv_u8_dotprod, oct_conv_u8_i8mm;

/* Kernels of a set, by the vectors of output channels that a tile holds, from 1 up. */
enum { OCT_NEON_VECTORS = 4, OCT_NEON_WINOGRADS = 1 };

extern const struct oct_conv_kernel *const oct_conv_f32_neon[OCT_NEON_VECTORS];
extern const struct oct_conv_kernel *const oct_conv_f16_fp16[OCT_NEON_VECTORS];

/* 3x3 convolutions by Winograd's transforms (winograd.h). */
extern const struct oct_conv_kernel *const oct_winograd_u8_neon[OCT_NEON_WINOGRADS];
extern const struct oct_conv_kernel *const oct_winograd_f32_neon[OCT_NEON_WINOGRADS];
extern const struct oct_conv_kernel *const oct_winograd_f16_fp16[OCT_NEON_WINOGRADS];

extern const struct oct_conv_kernel oct_depthwise_u8_neon, oct_depthwise_f32_neon,
    oct_depthwise_f16_neon;

extern const struct oct_attention_kernel oct_attention_u8_neon, oct_attention_float_neon;

/* The finish for FINISH_* flags (finish_job.h): of int32 sums, of floats, and of halves. */
finish_function *oct_finish_u8_neon(int flags);
finish_function *oct_finish_f32_neon(int flags);
finish_function *oct_finish_f16_neon(int flags); /* sums are floats */
finish_function *oct_finish_f16_fp16(int flags);

/* Tiles (tiles.h) of words of 16 bits, floats and halves. */
extern tile_function *const oct_tiles_words_neon[OCT_NEON_VECTORS + 1][TILE_PIXELS];
extern tile_function *const oct_tiles_f32_neon[OCT_NEON_VECTORS + 1][TILE_PIXELS];
extern tile_function *const oct_tiles_f16_fp16[OCT_NEON_VECTORS + 1][TILE_PIXELS];

/* Parts of oct_kernels_fill_neon(). */
void oct_fill_u8_neon(struct oct_kernels *kernels);
void oct_fill_f32_neon(struct oct_kernels *kernels);
void oct_fill_resize_neon(struct oct_kernels *kernels);
void oct_fill_yuv_neon(struct oct_kernels *kernels);
void oct_fill_measure_neon(struct oct_kernels *kernels);
void oct_fill_pools_neon(struct oct_kernels *kernels);
void oct_fill_means_neon(struct oct_kernels *kernels);

#endif
