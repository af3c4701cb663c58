/* SPDX-License-Identifier: Apache-2.0 */
/* F32 convolutions on AVX-512. */
#define OCT_CODES 0
#define OCT_GROUP 1
#define OCT_FINISH oct_finish_f32_avx512
#define OCT_TILES_MADE oct_tiles_f32_avx512
#include "runtime/backend/cpu/kernels/x86/tiles_avx512.h"
#include "runtime/backend/cpu/kernels/x86/vector_avx512.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

#define V_STEP(sum, x, w) (sum) = _mm512_fmadd_ps(x, w, sum)

#include "runtime/backend/cpu/kernels/vector/conv.h"

DEFINE_KERNEL("conv_f32_avx512_20x16", 20, 1)
DEFINE_KERNEL("conv_f32_avx512_14x32", 14, 2)
DEFINE_KERNEL("conv_f32_avx512_9x48", 9, 3)
DEFINE_KERNEL("conv_f32_avx512_6x64", 6, 4)
DEFINE_KERNEL("conv_f32_avx512_5x80", 5, 5)

const struct oct_conv_kernel *const oct_conv_f32_avx512[OCT_AVX512_WIDTHS] = {
    &kernel_1, &kernel_2, &kernel_3, &kernel_4, &kernel_5};

static const struct oct_conv_kernel *choose_conv_f32(const struct oct_conv_shape *shape)
{
    const struct oct_conv_kernel *winograd = oct_winograd_choice(
        oct_winograd_f32_avx512, OCT_AVX512_WINOGRADS, shape, OCT_WINOGRAD_PIXELS_F32);
    return winograd ? winograd : oct_conv_f32_avx512[choose_vectors(shape) - 1];
}

void oct_kernels_fill_avx512(struct oct_kernels *kernels)
{
    kernels->set = "avx512";
    oct_fill_measure_avx512(kernels);
    kernels->choose_conv_f32 = choose_conv_f32;
    kernels->depthwise_f32 = &oct_depthwise_f32_avx512;
    kernels->attention_u8 = &oct_attention_u8_avx512;
    kernels->attention_float = &oct_attention_float_avx512;
    kernels->burn_f32 = burn_tiles;
}
