/* SPDX-License-Identifier: Apache-2.0 */
/* Upsampling, conversions and pixels to float, in vectors of 256 bits; and what AVX2 brings. */
#define OCT_CODES 0
#define OCT_GROUP 1
#include "runtime/backend/cpu/kernels/x86/vector_avx2.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

#include "runtime/backend/cpu/kernels/vector/moves.h"

static void pixels_to_float(const uint8_t *codes, float *values, size_t pixels)
{
    const __m256 scale = _mm256_set1_ps(1.0f / 255.0f);
    size_t i = 0;
    for (; i + 2 <= pixels; i += 2) {
        const __m128i eight = _mm_loadl_epi64((const __m128i *)(codes + 4 * i));
        _mm256_storeu_ps(values + 4 * i,
                         _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(eight)), scale));
    }
    for (size_t k = 4 * i; k < 4 * pixels; k++)
        values[k] = (float)codes[k] * (1.0f / 255.0f);
}

void oct_kernels_fill_avx2(struct oct_kernels *kernels)
{
    kernels->set = "avx2";
    oct_fill_u8_avx2(kernels);
    oct_fill_f32_avx2(kernels);
    oct_fill_resize_avx2(kernels);
    oct_fill_yuv_avx2(kernels);
    oct_fill_measure_avx2(kernels);
    oct_fill_pools_avx2(kernels);
    oct_fill_means_avx2(kernels);
    kernels->attention_u8 = &oct_attention_u8_avx2;
    kernels->attention_float = &oct_attention_float_avx2;
    kernels->upsample2 = upsample2;
    kernels->convert = convert;
    kernels->pixels_to_float = pixels_to_float;
}
