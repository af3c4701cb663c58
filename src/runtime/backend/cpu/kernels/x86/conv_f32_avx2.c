/* SPDX-License-Identifier: Apache-2.0 */
/* F32 convolutions on AVX2 and FMA. */
#define OCT_CODES 0
#define OCT_GROUP 1
#define OCT_FINISH oct_finish_f32_avx2
#define OCT_TILES_MADE oct_tiles_f32_avx2
#include "runtime/backend/cpu/kernels/x86/tiles_avx2.h"
#include "runtime/backend/cpu/kernels/x86/vector_avx2.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

#define V_STEP(sum, x, w) (sum) = _mm256_fmadd_ps(x, w, sum)

#include "runtime/backend/cpu/kernels/vector/conv.h"

DEFINE_KERNEL("conv_f32_avx2_13x8", 13, 1)
DEFINE_KERNEL("conv_f32_avx2_6x16", 6, 2)
DEFINE_KERNEL("conv_f32_avx2_4x24", 4, 3)

const struct oct_conv_kernel *const oct_conv_f32_avx2[OCT_AVX2_WIDTHS] = {&kernel_1, &kernel_2,
                                                                          &kernel_3};

static const struct oct_conv_kernel *choose_conv_f32(const struct oct_conv_shape *shape)
{
    const struct oct_conv_kernel *winograd = oct_winograd_choice(
        oct_winograd_f32_avx2, OCT_AVX2_WINOGRADS, shape, OCT_WINOGRAD_PIXELS_F32);
    return winograd ? winograd : oct_conv_f32_avx2[choose_vectors(shape) - 1];
}

void oct_fill_f32_avx2(struct oct_kernels *kernels)
{
    kernels->choose_conv_f32 = choose_conv_f32;
    kernels->depthwise_f32 = &oct_depthwise_f32_avx2;
    kernels->burn_f32 = burn_tiles;
}
