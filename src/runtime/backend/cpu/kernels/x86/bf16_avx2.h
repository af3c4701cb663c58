/* SPDX-License-Identifier: Apache-2.0 */
/* Four values of bfloat16 to floats and back. */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_BF16_AVX2_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_BF16_AVX2_H

#include <immintrin.h>
#include <stdint.h>

static inline __m128 four_of_bf16(const uint8_t *from)
{
    const __m128i words = _mm_loadl_epi64((const __m128i *)(const void *)from);
    return _mm_castsi128_ps(_mm_unpacklo_epi16(_mm_setzero_si128(), words));
}

/* As oct_bf16_of(). */
static inline __m128i bf16_of_four(__m128 v)
{
    const __m128i bits = _mm_castps_si128(v), high = _mm_srli_epi32(bits, 16);
    const __m128i odd = _mm_and_si128(high, _mm_set1_epi32(1));
    const __m128i up = _mm_add_epi32(_mm_add_epi32(bits, _mm_set1_epi32(0x7fff)), odd);
    const __m128i words =
        _mm_blendv_epi8(_mm_srli_epi32(up, 16), _mm_or_si128(high, _mm_set1_epi32(0x40)),
                        _mm_castps_si128(_mm_cmpunord_ps(v, v)));
    return _mm_packus_epi32(words, words);
}

#endif
