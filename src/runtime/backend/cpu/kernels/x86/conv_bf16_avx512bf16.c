/* SPDX-License-Identifier: Apache-2.0 */
/* BF16 convolutions on AVX-512 BF16: vdpbf16ps takes two input channels of sixteen outputs. */
#define OCT_CODES 0
#define OCT_GROUP 2
#define OCT_FINISH oct_finish_bf16_avx512bf16
#include "base/bfloat16.h"
#include "runtime/backend/cpu/kernels/x86/tiles_avx512.h"
#include "runtime/backend/cpu/kernels/x86/vector_avx512.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

/* Not the intrinsic: gcc 12 copies and spills the sums around it. */
#define V_STEP(sum, x, w) __asm__("vdpbf16ps %2, %1, %0" : "+v"(sum) : "v"(x), "v"(w))

#include "runtime/backend/cpu/kernels/vector/conv.h"

DEFINE_KERNEL("conv_bf16_avx512bf16_20x16", 20, 1)
DEFINE_KERNEL("conv_bf16_avx512bf16_14x32", 14, 2)
DEFINE_KERNEL("conv_bf16_avx512bf16_9x48", 9, 3)
DEFINE_KERNEL("conv_bf16_avx512bf16_6x64", 6, 4)
DEFINE_KERNEL("conv_bf16_avx512bf16_5x80", 5, 5)

const struct oct_conv_kernel *const oct_conv_bf16_avx512bf16[OCT_AVX512_WIDTHS] = {
    &kernel_1, &kernel_2, &kernel_3, &kernel_4, &kernel_5};

static const struct oct_conv_kernel *choose_conv_bf16(const struct oct_conv_shape *shape)
{
    const struct oct_conv_kernel *winograd = oct_winograd_choice(
        oct_winograd_bf16_avx512bf16, OCT_AVX512_WINOGRADS, shape, OCT_WINOGRAD_PIXELS);
    return winograd ? winograd : oct_conv_bf16_avx512bf16[choose_vectors(shape) - 1];
}

static void pixels_to_bf16(const uint8_t *codes, uint16_t *values, size_t pixels)
{
    const __m512 scale = _mm512_set1_ps(1.0f / 255.0f);
    size_t i = 0;
    for (; i + 4 <= pixels; i += 4) {
        const __m512i four =
            _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)(codes + 4 * i)));
        v_store_bf16(values + 4 * i, _mm512_mul_ps(_mm512_cvtepi32_ps(four), scale), OCT_LANES);
    }
    for (size_t k = 4 * i; k < 4 * pixels; k++)
        values[k] = oct_bf16_of((float)codes[k] * (1.0f / 255.0f));
}

void oct_kernels_fill_avx512bf16(struct oct_kernels *kernels)
{
    kernels->half_storage = OCT_TYPE_BF16;
    kernels->half_set = "avx512bf16";
    kernels->choose_conv_half = choose_conv_bf16;
    kernels->depthwise_half = &oct_depthwise_bf16_avx512bf16;
    kernels->pixels_to_half = pixels_to_bf16;
    kernels->burn_half = burn_tiles;
}
