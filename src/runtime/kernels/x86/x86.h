/* SPDX-License-Identifier: Apache-2.0 */
/* The x86 kernels, as the table and the harness name them. */
#ifndef OCTET_RUNTIME_KERNELS_X86_X86_H
#define OCTET_RUNTIME_KERNELS_X86_X86_H

#include "runtime/kernels/kernels.h"

/* Kernels of a set, by the vectors of output channels that a tile holds, from 1 up. */
enum { OCT_AVX2_WIDTHS = 3, OCT_AVX512_WIDTHS = 5, OCT_AMX_WIDTHS = 1 };

extern const struct oct_conv_kernel *const oct_conv_u8_avx2[OCT_AVX2_WIDTHS + 1];
extern const struct oct_conv_kernel *const oct_conv_f32_avx2[OCT_AVX2_WIDTHS + 1];
extern const struct oct_conv_kernel *const oct_conv_u8_avxvnni[OCT_AVX2_WIDTHS + 1];
extern const struct oct_conv_kernel *const oct_conv_f32_avx512[OCT_AVX512_WIDTHS + 1];
extern const struct oct_conv_kernel *const oct_conv_u8_avx512vnni[OCT_AVX512_WIDTHS + 1];
extern const struct oct_conv_kernel *const oct_conv_bf16_avx512bf16[OCT_AVX512_WIDTHS];
extern const struct oct_conv_kernel *const oct_conv_u8_amx[OCT_AMX_WIDTHS];
extern const struct oct_conv_kernel *const oct_conv_bf16_amxbf16[OCT_AMX_WIDTHS];

extern const struct oct_conv_kernel oct_winograd_u8_avx512vnni;
extern const struct oct_conv_kernel oct_winograd_f32_avx512;
extern const struct oct_conv_kernel oct_winograd_u8_avxvnni;
extern const struct oct_conv_kernel oct_winograd_f32_avx2;
extern const struct oct_conv_kernel oct_winograd_u8_avx2;

/* Whether a transform that `kernel` fits is worth what it costs: products must outweigh the work on
 * the input, and as weights take up to eight times the room (four for floats), enough output pixels
 * must read them. */
static inline bool oct_winograd_pays(const struct oct_conv_kernel *kernel,
                                     const struct oct_conv_shape *shape, int least_pixels)
{
    return kernel->fits(shape) && shape->input_channels >= 32 &&
           shape->output_height * shape->output_width >= least_pixels;
}

enum { OCT_WINOGRAD_PIXELS_U8 = 576, OCT_WINOGRAD_PIXELS_F32 = 64 };

/* Parts of oct_kernels_fill_avx2(). */
void oct_fill_u8_avx2(struct oct_kernels *kernels);
void oct_fill_f32_avx2(struct oct_kernels *kernels);
void oct_fill_resize_avx2(struct oct_kernels *kernels);

#endif
