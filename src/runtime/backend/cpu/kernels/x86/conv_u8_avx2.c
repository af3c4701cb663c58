/* SPDX-License-Identifier: Apache-2.0 */
/*
 * U8 convolutions on AVX2, exact: codes and weights are widened to 16 bits, so that vpmaddwd, which
 * takes two input channels of eight output channels, cannot saturate (vpmaddubsw would).
 */
#define OCT_CODES 1
#define OCT_GROUP 2
#define OCT_FINISH oct_finish_u8_avx2
#define OCT_WIDEN 1
#include "runtime/backend/cpu/kernels/x86/tiles_avx2_madd.h"
#include "runtime/backend/cpu/kernels/x86/vector_avx2.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

#define V_STEP(sum, x, w) (sum) = _mm256_add_epi32(sum, _mm256_madd_epi16(x, w))

#include "runtime/backend/cpu/kernels/vector/conv.h"

DEFINE_KERNEL("conv_u8_avx2_12x8", 12, 1)
DEFINE_KERNEL("conv_u8_avx2_6x16", 6, 2)
DEFINE_KERNEL("conv_u8_avx2_3x24", 3, 3)

const struct oct_conv_kernel *const oct_conv_u8_avx2[OCT_AVX2_WIDTHS] = {&kernel_1, &kernel_2,
                                                                         &kernel_3};

static const struct oct_conv_kernel *choose_conv_u8(const struct oct_conv_shape *shape)
{
    const struct oct_conv_kernel *winograd =
        oct_winograd_choice(oct_winograd_u8_avx2, OCT_AVX2_WINOGRADS, shape, OCT_WINOGRAD_PIXELS);
    return winograd ? winograd : oct_conv_u8_avx2[choose_vectors(shape) - 1];
}

void oct_fill_u8_avx2(struct oct_kernels *kernels)
{
    kernels->choose_conv_u8 = choose_conv_u8;
    kernels->depthwise_u8 = &oct_depthwise_u8_avx2;
    kernels->burn_u8 = burn_tiles;
}
