/* SPDX-License-Identifier: Apache-2.0 */
/* The x86 kernels, as the table and the harness name them. */
#ifndef OCTET_RUNTIME_KERNELS_X86_X86_H
#define OCTET_RUNTIME_KERNELS_X86_X86_H

#include "runtime/kernels/kernels.h"

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

/* Parts of oct_kernels_fill_avx2(). */
void oct_fill_u8_avx2(struct oct_kernels *kernels);
void oct_fill_f32_avx2(struct oct_kernels *kernels);
void oct_fill_resize_avx2(struct oct_kernels *kernels);

#endif
