/* SPDX-License-Identifier: Apache-2.0 */
/* U8 convolutions on AVX-512 VNNI: vpdpbusd takes four input channels of sixteen outputs. */
#define OCT_CODES 1
#define OCT_GROUP 4
#define OCT_FINISH oct_finish_u8_avx512
#include "runtime/backend/cpu/kernels/x86/tiles_avx512.h"
#include "runtime/backend/cpu/kernels/x86/vector_avx512.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

/* Not the intrinsic: gcc 11 and 12 copy and spill the sums around it. */
#define V_STEP(sum, x, w) __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(x), "v"(w))

#include "runtime/backend/cpu/kernels/vector/conv.h"

DEFINE_KERNEL("conv_u8_avx512vnni_20x16", 20, 1)
DEFINE_KERNEL("conv_u8_avx512vnni_14x32", 14, 2)
DEFINE_KERNEL("conv_u8_avx512vnni_9x48", 9, 3)
DEFINE_KERNEL("conv_u8_avx512vnni_6x64", 6, 4)
DEFINE_KERNEL("conv_u8_avx512vnni_5x80", 5, 5)

const struct oct_conv_kernel *const oct_conv_u8_avx512vnni[OCT_AVX512_WIDTHS] = {
    &kernel_1, &kernel_2, &kernel_3, &kernel_4, &kernel_5};

static const struct oct_conv_kernel *choose_conv_u8(const struct oct_conv_shape *shape)
{
    const struct oct_conv_kernel *winograd = oct_winograd_choice(
        oct_winograd_u8_avx512vnni, OCT_AVX512_WINOGRADS, shape, OCT_WINOGRAD_PIXELS);
    return winograd ? winograd : oct_conv_u8_avx512vnni[choose_vectors(shape) - 1];
}

void oct_kernels_fill_avx512vnni(struct oct_kernels *kernels)
{
    kernels->set = "avx512vnni";
    kernels->choose_conv_u8 = choose_conv_u8;
    kernels->depthwise_u8 = &oct_depthwise_u8_avx512vnni;
    kernels->attention_u8 = &oct_attention_u8_avx512vnni;
    kernels->burn_u8 = burn_tiles;
}
