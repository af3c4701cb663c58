/* SPDX-License-Identifier: Apache-2.0 */
/*
 * U8 convolutions on AVX2, exact: codes and weights are widened to 16 bits, so that vpmaddwd, which
 * takes two input channels of eight output channels, cannot saturate (vpmaddubsw would).
 */
#include "runtime/backend/cpu/kernels/x86/vector_avx2.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

#define OCT_CODES 1
#define OCT_GROUP 2
#define OCT_FINISH oct_finish_u8_avx2
#define OCT_WIDEN 1
typedef __m256i v_sum;
#define v_sum_load(at) _mm256_load_si256((const __m256i *)(const void *)(at))
#define v_weights(at) _mm256_loadu_si256((const __m256i *)(const void *)(at))
#define v_broadcast(at) _mm256_set1_epi32(*(const v_word *)(const void *)(at))
#define V_STEP(sum, x, w) (sum) = _mm256_add_epi32(sum, _mm256_madd_epi16(x, w))

/* `count` codes to 16 bits; up to 15 more are read and written. */
static inline void v_widen(const uint8_t *codes, uint8_t *words, size_t count)
{
    for (size_t i = 0; i < count; i += 16)
        _mm256_storeu_si256((__m256i *)(words + 2 * i),
                            _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(codes + i))));
}

#include "runtime/backend/cpu/kernels/x86/tiles_avx2_madd.h"

#include "runtime/backend/cpu/kernels/x86/conv.h"

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

static uint64_t burn_u8(uint64_t rounds)
{
    return burn_tiles(rounds) * OCT_GROUP;
}

void oct_fill_u8_avx2(struct oct_kernels *kernels)
{
    kernels->choose_conv_u8 = choose_conv_u8;
    kernels->burn_u8 = burn_u8;
}
