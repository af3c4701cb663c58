/* SPDX-License-Identifier: Apache-2.0 */
/* The x86 kernels, as the table and the harness name them. */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_X86_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_X86_H

#include "runtime/backend/cpu/kernels/kernels.h"

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

/* As their weights take eight times the room of U8's and BF16's, four times that of floats, enough
 * output pixels must read them. */
enum { OCT_WINOGRAD_PIXELS = 576, OCT_WINOGRAD_PIXELS_F32 = 64 };

/* The one of `count` kernels that cuts a shape's output channels into the fewest tiles; NULL where
 * working on few input channels costs more than products save, or on too few pixels. */
static inline const struct oct_conv_kernel *
oct_winograd_choice(const struct oct_conv_kernel *const *kernels, int count,
                    const struct oct_conv_shape *shape, int least_pixels)
{
    const struct oct_conv_kernel *best = NULL;
    int fewest = 0;
    if (shape->input_channels < 32 || shape->output_height * shape->output_width < least_pixels)
        return NULL;
    for (int i = 0; i < count && kernels[i]->fits(shape); i++) {
        const int width = kernels[i]->tile_channels;
        const int tiles = (shape->output_channels + width - 1) / width;
        if (!best || tiles < fewest) {
            best = kernels[i];
            fewest = tiles;
        }
    }
    return best;
}

/* Parts of oct_kernels_fill_avx2(). */
void oct_fill_u8_avx2(struct oct_kernels *kernels);
void oct_fill_f32_avx2(struct oct_kernels *kernels);
void oct_fill_resize_avx2(struct oct_kernels *kernels);

#endif
