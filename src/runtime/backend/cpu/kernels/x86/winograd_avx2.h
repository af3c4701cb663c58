/* SPDX-License-Identifier: Apache-2.0 */
/* Winograd's transforms (winograd.h) in vectors of 256 bits: `w_` 16 words of 16 bits or 8 floats
 * of the input, `s_` 8 sums. */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_WINOGRAD_AVX2_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_WINOGRAD_AVX2_H

#include "runtime/backend/cpu/kernels/x86/vector_avx2.h"

#if OCT_CODES
typedef __m256i v_sum;
typedef __m256i w_vector;
#define v_sum_load(at) _mm256_load_si256((const __m256i *)(const void *)(at))
#define v_weights(at) _mm256_loadu_si256((const __m256i *)(const void *)(at))
#define v_broadcast(at) _mm256_set1_epi32(*(const v_word *)(const void *)(at))
#define w_take(at) _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(const void *)(at)))
#define w_load(at) _mm256_load_si256((const __m256i *)(const void *)(at))
#define w_store(at, a) _mm256_store_si256((__m256i *)(void *)(at), a)
#define w_add _mm256_add_epi16
#define w_sub _mm256_sub_epi16
#define w_twice(a) _mm256_add_epi16(a, a)
#define w_four(a) _mm256_slli_epi16(a, 2)
#define s_add _mm256_add_epi32
#define s_sub _mm256_sub_epi32
#define s_twice(a) _mm256_add_epi32(a, a)
#define s_four(a) _mm256_slli_epi32(a, 2)
#define s_eight(a) _mm256_slli_epi32(a, 3)
#define s_mul(a, factor) _mm256_mullo_epi32(a, _mm256_set1_epi32(factor))
#define s_shift_right(a, bits) _mm256_srai_epi32(a, bits)
#else
typedef __m256 v_sum;
typedef __m256 w_vector;
#define v_sum_load(at) _mm256_load_ps((const float *)(const void *)(at))
#define w_take(at) _mm256_loadu_ps((const float *)(const void *)(at))
#define w_load(at) _mm256_load_ps((const float *)(const void *)(at))
#define w_store(at, a) _mm256_store_ps((float *)(void *)(at), a)
#define w_add _mm256_add_ps
#define w_sub _mm256_sub_ps
#define w_twice(a) _mm256_add_ps(a, a)
#define w_four(a) _mm256_mul_ps(a, _mm256_set1_ps(4.0f))
#define s_add _mm256_add_ps
#define s_sub _mm256_sub_ps
#define s_twice(a) _mm256_add_ps(a, a)
#define s_four(a) _mm256_mul_ps(a, _mm256_set1_ps(4.0f))
#define s_eight(a) _mm256_mul_ps(a, _mm256_set1_ps(8.0f))
#endif

#endif
