/* SPDX-License-Identifier: Apache-2.0 */
/* F32 convolutions on AVX2 and FMA. */
#include "runtime/backend/cpu/kernels/x86/vector_avx2.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

#define OCT_CODES 0
#define OCT_GROUP 1
#define OCT_FINISH oct_finish_f32_avx2
#define OCT_TILES_MADE oct_tiles_f32_avx2
#define OCT_WIDEN 0
typedef __m256 v_sum;
#define v_sum_load(at) _mm256_load_ps((const float *)(const void *)(at))
#define v_weights(at) _mm256_loadu_ps((const float *)(const void *)(at))
#define v_broadcast(at) _mm256_set1_ps(*(const v_word_float *)(const void *)(at))
#define V_STEP(sum, x, w) (sum) = _mm256_fmadd_ps(x, w, sum)

#include "runtime/backend/cpu/kernels/x86/tiles_avx2.h"

#include "runtime/backend/cpu/kernels/x86/conv.h"

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

static uint64_t burn_f32(uint64_t rounds)
{
    return burn_tiles(rounds) * OCT_GROUP;
}

void oct_fill_f32_avx2(struct oct_kernels *kernels)
{
    kernels->choose_conv_f32 = choose_conv_f32;
    kernels->burn_f32 = burn_f32;
}
