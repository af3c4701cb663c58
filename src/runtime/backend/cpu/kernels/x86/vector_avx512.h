/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors of 16 floats or 32-bit integers, with the names that vector/config.h explains. */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_VECTOR_AVX512_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_VECTOR_AVX512_H

#include <immintrin.h>

#include "network/requantize.h"

#define OCT_LANES 16
#define OCT_REGISTERS 32

typedef __m512 v_float;
typedef __m512i v_int;
typedef __m512i v_words;
typedef __m512i v_bytes; /* of four vectors, in order */

/* Four bytes of whatever type, at any address. */
typedef int v_word __attribute__((may_alias, aligned(1)));
typedef float v_word_float __attribute__((may_alias, aligned(1)));

/* No instruction: the compiler no longer knows what is in `a`. */
#define v_opaque(a) __asm__ volatile("" : "+v"(a))

static inline v_float v_set(float value)
{
    return _mm512_set1_ps(value);
}

static inline v_float v_load(const float *at)
{
    return _mm512_loadu_ps(at);
}

static inline v_float v_load_aligned(const float *at)
{
    return _mm512_load_ps(at);
}

static inline v_float v_broadcast_float(const void *at)
{
    return _mm512_set1_ps(*(const v_word_float *)at);
}

static inline void v_store(float *at, v_float a)
{
    _mm512_store_ps(at, a);
}

static inline void v_stream(float *at, v_float a)
{
    _mm512_stream_ps(at, a);
}

static inline void v_stream_end(void)
{
    _mm_sfence();
}

static inline v_float v_fma(v_float a, v_float b, v_float c)
{
    return _mm512_fmadd_ps(a, b, c);
}

static inline v_float v_mul(v_float a, v_float b)
{
    return _mm512_mul_ps(a, b);
}

static inline v_float v_div(v_float a, v_float b)
{
    return _mm512_div_ps(a, b);
}

static inline v_float v_add(v_float a, v_float b)
{
    return _mm512_add_ps(a, b);
}

static inline v_float v_sub(v_float a, v_float b)
{
    return _mm512_sub_ps(a, b);
}

static inline v_float v_min(v_float a, v_float b)
{
    return _mm512_min_ps(a, b);
}

static inline v_float v_max(v_float a, v_float b)
{
    return _mm512_max_ps(a, b);
}

static inline v_float v_power_of_two(v_float a)
{
    const __m512i exponents = _mm512_slli_epi32(_mm512_castps_si512(a), 23);
    return _mm512_castsi512_ps(_mm512_add_epi32(exponents, _mm512_set1_epi32(0x3f800000)));
}

static inline v_int v_keep_int(v_int a, int count)
{
    return _mm512_maskz_mov_epi32((__mmask16)((1u << count) - 1), a);
}

static inline v_float v_keep(v_float a, int count)
{
    return _mm512_maskz_mov_ps((__mmask16)((1u << count) - 1), a);
}

static inline v_float v_float_of(v_int a)
{
    return _mm512_cvtepi32_ps(a);
}

static inline v_float v_bits(v_int a)
{
    return _mm512_castsi512_ps(a);
}

static inline v_int v_rounded(v_float a)
{
    return _mm512_cvtps_epi32(a);
}

static inline v_int v_load_int(const void *at)
{
    return _mm512_loadu_si512(at);
}

static inline v_int v_load_int_aligned(const void *at)
{
    return _mm512_load_si512(at);
}

static inline void v_store_int(void *at, v_int a)
{
    _mm512_storeu_si512(at, a);
}

static inline v_int v_broadcast_int(const void *at)
{
    return _mm512_set1_epi32(*(const v_word *)at);
}

static inline v_int v_add_int(v_int a, v_int b)
{
    return _mm512_add_epi32(a, b);
}

static inline v_int v_sub_int(v_int a, v_int b)
{
    return _mm512_sub_epi32(a, b);
}

static inline v_int v_max_int(v_int a, v_int b)
{
    return _mm512_max_epi32(a, b);
}

static inline void v_store_halves(void *at, v_int a)
{
    _mm256_storeu_si256((__m256i *)at, _mm512_cvtepi32_epi16(a));
}

static inline v_int v_mul_int(v_int a, int factor)
{
    return _mm512_mullo_epi32(a, _mm512_set1_epi32(factor));
}

static inline v_int v_shift_left(v_int a, unsigned bits)
{
    return _mm512_slli_epi32(a, bits);
}

static inline v_int v_shift_right(v_int a, unsigned bits)
{
    return _mm512_srai_epi32(a, bits);
}

static inline v_words v_words_of(const uint8_t *codes)
{
    return _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)(const void *)codes));
}

static inline v_words v_load_words(const void *at)
{
    return _mm512_load_si512(at);
}

static inline void v_store_words(void *at, v_words a)
{
    _mm512_store_si512(at, a);
}

static inline void v_store_words_any(void *at, v_words a)
{
    _mm512_storeu_si512(at, a);
}

static inline v_words v_add_words(v_words a, v_words b)
{
    return _mm512_add_epi16(a, b);
}

static inline v_words v_sub_words(v_words a, v_words b)
{
    return _mm512_sub_epi16(a, b);
}

static inline v_words v_shift_words(v_words a, unsigned bits)
{
    return _mm512_slli_epi16(a, bits);
}

/* What lies behind `count`, which is 1 to 16, is not touched and becomes zeros. */
/* As AVX2's (vector_avx2.h), of 64 codes. */
static inline __m512i v_spread(const uint8_t *codes)
{
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    return _mm512_permutexvar_epi32(order, _mm512_loadu_si512(codes));
}

static inline void v_columns_of_4(const uint8_t *const at[4], v_int columns[4])
{
    const __m512i a = v_spread(at[0]), b = v_spread(at[1]), c = v_spread(at[2]),
                  d = v_spread(at[3]);
    const __m512i ab = _mm512_unpacklo_epi8(a, b), ab_high = _mm512_unpackhi_epi8(a, b);
    const __m512i cd = _mm512_unpacklo_epi8(c, d), cd_high = _mm512_unpackhi_epi8(c, d);
    columns[0] = _mm512_unpacklo_epi16(ab, cd);
    columns[1] = _mm512_unpackhi_epi16(ab, cd);
    columns[2] = _mm512_unpacklo_epi16(ab_high, cd_high);
    columns[3] = _mm512_unpackhi_epi16(ab_high, cd_high);
}

static inline v_int v_load_codes(const uint8_t *at, int count, int zero_point)
{
    const __m128i codes = count == OCT_LANES
                              ? _mm_loadu_si128((const __m128i *)at)
                              : _mm_maskz_loadu_epi8((__mmask16)((1u << count) - 1), at);
    return _mm512_sub_epi32(_mm512_cvtepu8_epi32(codes), _mm512_set1_epi32(zero_point));
}

static inline v_float v_load_floats(const float *at, int count)
{
    return count == OCT_LANES ? _mm512_loadu_ps(at)
                              : _mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), at);
}

static inline void v_store_floats(float *at, v_float a, int count)
{
    if (count == OCT_LANES)
        _mm512_storeu_ps(at, a);
    else
        _mm512_mask_storeu_ps(at, (__mmask16)((1u << count) - 1), a);
}

static inline v_float v_load_bf16(const uint16_t *at, int count)
{
    const __m256i narrow = count == OCT_LANES
                               ? _mm256_loadu_si256((const __m256i *)(const void *)at)
                               : _mm256_maskz_loadu_epi16((__mmask16)((1u << count) - 1), at);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(narrow), 16));
}

#if defined(__AVX512BF16__)
static inline __m256i v_bf16_of(v_float a)
{
    return (__m256i)_mm512_cvtneps_pbh(a);
}
#else
static inline __m256i v_bf16_of(v_float a)
{
    const __m512i bits = _mm512_castps_si512(a), high = _mm512_srli_epi32(bits, 16);
    const __m512i odd = _mm512_and_si512(high, _mm512_set1_epi32(1));
    const __m512i up = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), odd);
    const __m512i words =
        _mm512_mask_or_epi32(_mm512_srli_epi32(up, 16), _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q),
                             high, _mm512_set1_epi32(0x40));
    return _mm512_cvtepi32_epi16(words);
}
#endif

/* To nearest even, as oct_bf16_of(). */
static inline void v_store_bf16(uint16_t *at, v_float a, int count)
{
    const __m256i narrow = v_bf16_of(a);
    if (count == OCT_LANES)
        _mm256_storeu_si256((__m256i *)(void *)at, narrow);
    else
        _mm256_mask_storeu_epi16(at, (__mmask16)((1u << count) - 1), narrow);
}

static inline v_bytes v_pack(const v_int v[4], int zero_point)
{
    const __m512i add = _mm512_set1_epi16((short)zero_point);
    const __m512i low = _mm512_adds_epi16(_mm512_packs_epi32(v[0], v[1]), add);
    const __m512i high = _mm512_adds_epi16(_mm512_packs_epi32(v[2], v[3]), add);
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    return _mm512_permutexvar_epi32(order, _mm512_packus_epi16(low, high));
}

static inline void v_store_4(uint8_t *at, v_bytes a, int count)
{
    if (count == 4 * OCT_LANES)
        _mm512_storeu_si512(at, a);
    else
        _mm512_mask_storeu_epi8(at, ((__mmask64)1 << count) - 1, a);
}

static inline void v_store_2(uint8_t *at, v_bytes a, int pair, int count)
{
    const __m256i bytes = pair ? _mm512_extracti64x4_epi64(a, 1) : _mm512_castsi512_si256(a);
    if (count == 2 * OCT_LANES)
        _mm256_storeu_si256((__m256i *)at, bytes);
    else
        _mm256_mask_storeu_epi8(at, ((__mmask32)1 << count) - 1, bytes);
}

static inline void v_store_piece(uint8_t *at, __m128i bytes, int count)
{
    if (count == OCT_LANES)
        _mm_storeu_si128((__m128i *)at, bytes);
    else
        _mm_mask_storeu_epi8(at, (__mmask16)((1u << count) - 1), bytes);
}

/* `which` is a constant once inlined. */
static inline void v_store_1(uint8_t *at, v_bytes a, int which, int count)
{
    switch (which) {
    case 0:
        v_store_piece(at, _mm512_castsi512_si128(a), count);
        break;
    case 1:
        v_store_piece(at, _mm512_extracti32x4_epi32(a, 1), count);
        break;
    case 2:
        v_store_piece(at, _mm512_extracti32x4_epi32(a, 2), count);
        break;
    default:
        v_store_piece(at, _mm512_extracti32x4_epi32(a, 3), count);
        break;
    }
}

static inline void v_silu_table(v_float v[4])
{
    const __m512 last = _mm512_set1_ps(OCT_SILU_MAGIC_LAST);
    const __m512 magic = _mm512_set1_ps(OCT_SILU_MAGIC), scale = _mm512_set1_ps(OCT_SILU_SCALE);
    __m512 a[4], g[4];
    __m512i index[4];
    for (int i = 0; i < 4; i++) {
        a[i] = _mm512_abs_ps(v[i]);
        index[i] = _mm512_castps_si512(_mm512_min_ps(_mm512_fmadd_ps(a[i], scale, magic), last));
        g[i] = _mm512_permutexvar_ps(index[i], _mm512_loadu_ps(oct_silu_table[3]));
    }
    for (int k = 2; k >= 0; k--) {
        const __m512 row = _mm512_loadu_ps(oct_silu_table[k]);
        for (int i = 0; i < 4; i++)
            g[i] = _mm512_fmadd_ps(g[i], a[i], _mm512_permutexvar_ps(index[i], row));
    }
    for (int i = 0; i < 4; i++)
        v[i] = _mm512_fmadd_ps(v[i], _mm512_set1_ps(0.5f), g[i]);
}

static inline void v_gelu_table(const float (*table)[OCT_SILU_SEGMENTS], v_float v[4])
{
    const __m512 last = _mm512_set1_ps(OCT_SILU_MAGIC_LAST);
    const __m512 magic = _mm512_set1_ps(OCT_SILU_MAGIC), scale = _mm512_set1_ps(OCT_GELU_SCALE);
    for (int i = 0; i < 4; i++) {
        const __m512 a = _mm512_abs_ps(v[i]);
        const __m512i index =
            _mm512_castps_si512(_mm512_min_ps(_mm512_fmadd_ps(a, scale, magic), last));
        __m512 g = _mm512_permutexvar_ps(index, _mm512_loadu_ps(table[3]));
        for (int k = 2; k >= 0; k--)
            g = _mm512_fmadd_ps(g, a, _mm512_permutexvar_ps(index, _mm512_loadu_ps(table[k])));
        v[i] = _mm512_fmadd_ps(v[i], _mm512_set1_ps(0.5f), g);
    }
}

#endif
