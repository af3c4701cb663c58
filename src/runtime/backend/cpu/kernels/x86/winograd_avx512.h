/* SPDX-License-Identifier: Apache-2.0 */
/* Winograd's transforms (winograd.h) in vectors of 512 bits: `w_` 32 words of 16 bits or 16 floats
 * of the input, `s_` 16 sums. */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_WINOGRAD_AVX512_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_WINOGRAD_AVX512_H

#include "runtime/backend/cpu/kernels/x86/vector_avx512.h"

#if OCT_CODES
typedef __m512i v_sum;
typedef __m512i w_vector;
#define v_sum_load(at) _mm512_load_si512(at)
#define v_weights(at) _mm512_loadu_si512(at)
#define v_broadcast(at) _mm512_set1_epi32(*(const v_word *)(const void *)(at))
#define w_take(at) _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)(const void *)(at)))
#define w_load(at) _mm512_load_si512(at)
#define w_store(at, a) _mm512_store_si512(at, a)
#define w_add _mm512_add_epi16
#define w_sub _mm512_sub_epi16
#define w_twice(a) _mm512_add_epi16(a, a)
#define w_four(a) _mm512_slli_epi16(a, 2)
#define s_add _mm512_add_epi32
#define s_sub _mm512_sub_epi32
#define s_twice(a) _mm512_add_epi32(a, a)
#define s_four(a) _mm512_slli_epi32(a, 2)
#define s_eight(a) _mm512_slli_epi32(a, 3)
#define s_mul(a, factor) _mm512_mullo_epi32(a, _mm512_set1_epi32(factor))
#define s_shift_right(a, bits) _mm512_srai_epi32(a, bits)
#else
typedef __m512 v_sum;
typedef __m512 w_vector;
#define v_sum_load(at) _mm512_load_ps((const float *)(const void *)(at))
#if OCT_BF16
#define w_take(at) v_load_bf16((const uint16_t *)(const void *)(at), OCT_LANES)
#else
#define w_take(at) _mm512_loadu_ps((const float *)(const void *)(at))
#endif
#define w_load(at) _mm512_load_ps((const float *)(const void *)(at))
#define w_store(at, a) _mm512_store_ps((float *)(void *)(at), a)
#define w_add _mm512_add_ps
#define w_sub _mm512_sub_ps
#define w_twice(a) _mm512_add_ps(a, a)
#define w_four(a) _mm512_mul_ps(a, _mm512_set1_ps(4.0f))
#define s_add _mm512_add_ps
#define s_sub _mm512_sub_ps
#define s_twice(a) _mm512_add_ps(a, a)
#define s_four(a) _mm512_mul_ps(a, _mm512_set1_ps(4.0f))
#define s_eight(a) _mm512_mul_ps(a, _mm512_set1_ps(8.0f))
#endif

#endif
