/* SPDX-License-Identifier: Apache-2.0 */
/* F32 convolutions on AVX-512. */
#include "runtime/backend/cpu/kernels/x86/vector_avx512.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

#define OCT_CODES 0
#define OCT_GROUP 1
#define OCT_FINISH oct_finish_f32_avx512
#define OCT_TILES_MADE oct_tiles_f32_avx512
#define OCT_WIDEN 0
typedef __m512 v_sum;
#define v_sum_load(at) _mm512_load_ps(at)
#define v_weights(at) _mm512_loadu_ps(at)
#define v_broadcast(at) _mm512_set1_ps(*(const v_word_float *)(const void *)(at))
#define V_STEP(sum, x, w) (sum) = _mm512_fmadd_ps(x, w, sum)

#include "runtime/backend/cpu/kernels/x86/tiles_avx512.h"

#include "runtime/backend/cpu/kernels/x86/conv.h"

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

static uint64_t burn_f32(uint64_t rounds)
{
    return burn_tiles(rounds) * OCT_GROUP;
}

void oct_kernels_fill_avx512(struct oct_kernels *kernels)
{
    kernels->set = "avx512";
    kernels->choose_conv_f32 = choose_conv_f32;
    kernels->burn_f32 = burn_f32;
}
