/* SPDX-License-Identifier: Apache-2.0 */
/* U8 convolutions on AVX-VNNI: vpdpbusd takes four input channels of eight output channels. */
#define OCT_CODES 1
#define OCT_GROUP 4
#define OCT_FINISH oct_finish_u8_avx2
#include "runtime/backend/cpu/kernels/x86/tiles_avx2.h"
#include "runtime/backend/cpu/kernels/x86/vector_avx2.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

/* Not the intrinsic: gcc 11 and 12 copy and spill the sums around it, clang 14 spills in 4x24. */
#define V_STEP(sum, x, w) __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum) : "x"(x), "x"(w))

#include "runtime/backend/cpu/kernels/vector/conv.h"

DEFINE_KERNEL("conv_u8_avxvnni_13x8", 13, 1)
DEFINE_KERNEL("conv_u8_avxvnni_6x16", 6, 2)
DEFINE_KERNEL("conv_u8_avxvnni_4x24", 4, 3)

const struct oct_conv_kernel *const oct_conv_u8_avxvnni[OCT_AVX2_WIDTHS] = {&kernel_1, &kernel_2,
                                                                            &kernel_3};

static const struct oct_conv_kernel *choose_conv_u8(const struct oct_conv_shape *shape)
{
    const struct oct_conv_kernel *winograd = oct_winograd_choice(
        oct_winograd_u8_avxvnni, OCT_AVX2_WINOGRADS, shape, OCT_WINOGRAD_PIXELS);
    return winograd ? winograd : oct_conv_u8_avxvnni[choose_vectors(shape) - 1];
}

void oct_kernels_fill_avxvnni(struct oct_kernels *kernels)
{
    kernels->set = "avxvnni";
    kernels->choose_conv_u8 = choose_conv_u8;
    kernels->depthwise_u8 = &oct_depthwise_u8_avxvnni;
    kernels->attention_u8 = &oct_attention_u8_avxvnni;
    kernels->burn_u8 = burn_tiles;
}
