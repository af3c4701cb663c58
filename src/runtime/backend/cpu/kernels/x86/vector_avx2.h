/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors of 8 floats or 32-bit integers, with the names that vector/config.h explains. A count is
 * 4 or 8 to a vector: channels come in fours. */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_VECTOR_AVX2_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_VECTOR_AVX2_H

#include <immintrin.h>
#include <string.h>

#include "network/requantize.h"

#define OCT_LANES 8
#define OCT_REGISTERS 16

typedef __m256 v_float;
typedef __m256i v_int;
typedef __m256i v_words;
typedef __m256i v_bytes;

/* Four bytes of whatever type, at any address. */
typedef int v_word __attribute__((may_alias, aligned(1)));
typedef float v_word_float __attribute__((may_alias, aligned(1)));

/* No instruction: the compiler no longer knows what is in `a`. */
#define v_opaque(a) __asm__ volatile("" : "+v"(a))

static inline v_float v_set(float value)
{
    return _mm256_set1_ps(value);
}

static inline v_float v_load(const float *at)
{
    return _mm256_loadu_ps(at);
}

static inline v_float v_load_aligned(const float *at)
{
    return _mm256_load_ps(at);
}

static inline v_float v_broadcast_float(const void *at)
{
    return _mm256_set1_ps(*(const v_word_float *)at);
}

static inline void v_store(float *at, v_float a)
{
    _mm256_store_ps(at, a);
}

static inline void v_stream(float *at, v_float a)
{
    _mm256_stream_ps(at, a);
}

static inline void v_stream_end(void)
{
    _mm_sfence();
}

static inline v_float v_fma(v_float a, v_float b, v_float c)
{
    return _mm256_fmadd_ps(a, b, c);
}

static inline v_float v_mul(v_float a, v_float b)
{
    return _mm256_mul_ps(a, b);
}

static inline v_float v_div(v_float a, v_float b)
{
    return _mm256_div_ps(a, b);
}

static inline v_float v_add(v_float a, v_float b)
{
    return _mm256_add_ps(a, b);
}

static inline v_float v_sub(v_float a, v_float b)
{
    return _mm256_sub_ps(a, b);
}

static inline v_float v_min(v_float a, v_float b)
{
    return _mm256_min_ps(a, b);
}

static inline v_float v_max(v_float a, v_float b)
{
    return _mm256_max_ps(a, b);
}

static inline v_float v_power_of_two(v_float a)
{
    const __m256i exponents = _mm256_slli_epi32(_mm256_castps_si256(a), 23);
    return _mm256_castsi256_ps(_mm256_add_epi32(exponents, _mm256_set1_epi32(0x3f800000)));
}

static inline v_int v_keep_int(v_int a, int count)
{
    const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_and_si256(a, _mm256_cmpgt_epi32(_mm256_set1_epi32(count), lanes));
}

static inline v_float v_keep(v_float a, int count)
{
    return _mm256_castsi256_ps(v_keep_int(_mm256_castps_si256(a), count));
}

static inline v_float v_float_of(v_int a)
{
    return _mm256_cvtepi32_ps(a);
}

static inline v_float v_bits(v_int a)
{
    return _mm256_castsi256_ps(a);
}

static inline v_int v_rounded(v_float a)
{
    return _mm256_cvtps_epi32(a);
}

static inline v_int v_load_int(const void *at)
{
    return _mm256_loadu_si256((const __m256i *)at);
}

static inline v_int v_load_int_aligned(const void *at)
{
    return _mm256_load_si256((const __m256i *)at);
}

static inline void v_store_int(void *at, v_int a)
{
    _mm256_storeu_si256((__m256i *)at, a);
}

static inline v_int v_broadcast_int(const void *at)
{
    return _mm256_set1_epi32(*(const v_word *)at);
}

static inline v_int v_add_int(v_int a, v_int b)
{
    return _mm256_add_epi32(a, b);
}

static inline v_int v_sub_int(v_int a, v_int b)
{
    return _mm256_sub_epi32(a, b);
}

static inline v_int v_max_int(v_int a, v_int b)
{
    return _mm256_max_epi32(a, b);
}

static inline void v_store_halves(void *at, v_int a)
{
    _mm_storeu_si128((__m128i *)at,
                     _mm_packs_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1)));
}

static inline v_int v_mul_int(v_int a, int factor)
{
    return _mm256_mullo_epi32(a, _mm256_set1_epi32(factor));
}

static inline v_int v_shift_left(v_int a, int bits)
{
    return _mm256_slli_epi32(a, bits);
}

static inline v_int v_shift_right(v_int a, int bits)
{
    return _mm256_srai_epi32(a, bits);
}

static inline v_words v_words_of(const uint8_t *codes)
{
    return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(const void *)codes));
}

static inline v_int v_ints_of(v_words a, int half)
{
    return _mm256_cvtepu16_epi32(half ? _mm256_extracti128_si256(a, 1) : _mm256_castsi256_si128(a));
}

static inline v_words v_load_words(const void *at)
{
    return _mm256_load_si256((const __m256i *)at);
}

static inline void v_store_words(void *at, v_words a)
{
    _mm256_store_si256((__m256i *)at, a);
}

static inline void v_store_words_any(void *at, v_words a)
{
    _mm256_storeu_si256((__m256i *)at, a);
}

static inline v_words v_add_words(v_words a, v_words b)
{
    return _mm256_add_epi16(a, b);
}

static inline v_words v_sub_words(v_words a, v_words b)
{
    return _mm256_sub_epi16(a, b);
}

static inline v_words v_shift_words(v_words a, int bits)
{
    return _mm256_slli_epi16(a, bits);
}

/* The dwords of 32 codes in an order in which interleaving them within each half gives whole
 * vectors of neighbouring channels. */
static inline __m256i v_spread(const uint8_t *codes)
{
    const __m256i order = _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7);
    return _mm256_permutevar8x32_epi32(_mm256_loadu_si256((const __m256i *)(const void *)codes),
                                       order);
}

static inline void v_columns_of_4(const uint8_t *const at[4], v_int columns[4])
{
    const __m256i a = v_spread(at[0]), b = v_spread(at[1]), c = v_spread(at[2]),
                  d = v_spread(at[3]);
    const __m256i ab = _mm256_unpacklo_epi8(a, b), ab_high = _mm256_unpackhi_epi8(a, b);
    const __m256i cd = _mm256_unpacklo_epi8(c, d), cd_high = _mm256_unpackhi_epi8(c, d);
    columns[0] = _mm256_unpacklo_epi16(ab, cd);
    columns[1] = _mm256_unpackhi_epi16(ab, cd);
    columns[2] = _mm256_unpacklo_epi16(ab_high, cd_high);
    columns[3] = _mm256_unpackhi_epi16(ab_high, cd_high);
}

static inline void v_columns_of_2(const uint8_t *const at[2], v_int columns[2])
{
    const __m128i a = _mm_loadu_si128((const __m128i *)(const void *)at[0]);
    const __m128i b = _mm_loadu_si128((const __m128i *)(const void *)at[1]);
    const __m256i a_words = _mm256_cvtepu8_epi16(_mm_shuffle_epi32(a, _MM_SHUFFLE(3, 1, 2, 0)));
    const __m256i b_words = _mm256_cvtepu8_epi16(_mm_shuffle_epi32(b, _MM_SHUFFLE(3, 1, 2, 0)));
    columns[0] = _mm256_unpacklo_epi16(a_words, b_words);
    columns[1] = _mm256_unpackhi_epi16(a_words, b_words);
}

static inline v_int v_load_codes(const uint8_t *at, int count, int zero_point)
{
    int four;
    memcpy(&four, at, sizeof four);
    const __m128i codes =
        count == OCT_LANES ? _mm_loadl_epi64((const __m128i *)at) : _mm_cvtsi32_si128(four);
    return _mm256_sub_epi32(_mm256_cvtepu8_epi32(codes), _mm256_set1_epi32(zero_point));
}

static inline void v_load_codes_4(const uint8_t *at, int zero_point, v_int v[4])
{
    for (int i = 0; i < 4; i++)
        v[i] = v_load_codes(at + i * OCT_LANES, OCT_LANES, zero_point);
}

static inline v_float v_load_floats(const float *at, int count)
{
    return count == OCT_LANES ? _mm256_loadu_ps(at) : _mm256_zextps128_ps256(_mm_loadu_ps(at));
}

static inline void v_store_floats(float *at, v_float a, int count)
{
    if (count == OCT_LANES)
        _mm256_storeu_ps(at, a);
    else
        _mm_storeu_ps(at, _mm256_castps256_ps128(a));
}

static inline v_float v_load_bf16(const uint16_t *at, int count)
{
    const __m128i *from = (const __m128i *)(const void *)at;
    const __m128i narrow = count == OCT_LANES ? _mm_loadu_si128(from) : _mm_loadl_epi64(from);
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(narrow), 16));
}

/* To nearest even, as oct_bf16_of(). */
static inline void v_store_bf16(uint16_t *at, v_float a, int count)
{
    const __m256i bits = _mm256_castps_si256(a), high = _mm256_srli_epi32(bits, 16);
    const __m256i odd = _mm256_and_si256(high, _mm256_set1_epi32(1));
    const __m256i up = _mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7fff)), odd);
    const __m256i words = _mm256_blendv_epi8(
        _mm256_srli_epi32(up, 16), _mm256_or_si256(high, _mm256_set1_epi32(0x40)),
        _mm256_castps_si256(_mm256_cmp_ps(a, a, _CMP_UNORD_Q)));
    const __m128i narrow =
        _mm_packus_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    if (count == OCT_LANES)
        _mm_storeu_si128((__m128i *)(void *)at, narrow);
    else
        _mm_storel_epi64((__m128i *)(void *)at, narrow);
}

static inline v_bytes v_pack(const v_int v[4], int zero_point)
{
    const __m256i add = _mm256_set1_epi16((short)zero_point);
    const __m256i low = _mm256_adds_epi16(_mm256_packs_epi32(v[0], v[1]), add);
    const __m256i high = _mm256_adds_epi16(_mm256_packs_epi32(v[2], v[3]), add);
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    return _mm256_permutevar8x32_epi32(_mm256_packus_epi16(low, high), order);
}

static inline void v_store_four(uint8_t *at, __m128i bytes)
{
    const int four = _mm_cvtsi128_si32(bytes);
    memcpy(at, &four, sizeof four);
}

static inline void v_store_piece(uint8_t *at, __m128i bytes, int count)
{
    if (count == OCT_LANES)
        _mm_storel_epi64((__m128i *)at, bytes);
    else
        v_store_four(at, bytes);
}

static inline void v_store_half(uint8_t *at, __m128i bytes, int count)
{
    if (count == 2 * OCT_LANES) {
        _mm_storeu_si128((__m128i *)at, bytes);
    } else {
        _mm_storel_epi64((__m128i *)at, bytes);
        v_store_four(at + OCT_LANES, _mm_unpackhi_epi64(bytes, bytes));
    }
}

static inline void v_store_4(uint8_t *at, v_bytes a, int count)
{
    if (count == 4 * OCT_LANES) {
        _mm256_storeu_si256((__m256i *)at, a);
    } else {
        _mm_storeu_si128((__m128i *)at, _mm256_castsi256_si128(a));
        v_store_half(at + 2 * OCT_LANES, _mm256_extracti128_si256(a, 1), count - 2 * OCT_LANES);
    }
}

static inline void v_store_2(uint8_t *at, v_bytes a, int pair, int count)
{
    v_store_half(at, pair ? _mm256_extracti128_si256(a, 1) : _mm256_castsi256_si128(a), count);
}

static inline void v_store_1(uint8_t *at, v_bytes a, int which, int count)
{
    const __m128i half = which & 2 ? _mm256_extracti128_si256(a, 1) : _mm256_castsi256_si128(a);
    v_store_piece(at, which & 1 ? _mm_unpackhi_epi64(half, half) : half, count);
}

/* Entry `index` of 16, of which the low three bits choose within a half and `high` (bit 3 as sign)
 * the half. */
static inline __m256 v_entry(const float *table, __m256i index, __m256 high)
{
    const __m256 below = _mm256_permutevar8x32_ps(_mm256_loadu_ps(table), index);
    const __m256 above = _mm256_permutevar8x32_ps(_mm256_loadu_ps(table + 8), index);
    return _mm256_blendv_ps(below, above, high);
}

/* oct_silu() of `v` whose segment `t` holds in its lowest bits. */
static inline v_float v_silu_any(v_float v, v_float a, v_float t)
{
    const __m256i index =
        _mm256_castps_si256(_mm256_min_ps(t, _mm256_set1_ps(OCT_SILU_MAGIC_LAST)));
    __m256 high = _mm256_castsi256_ps(_mm256_slli_epi32(index, 28));
    __asm__("" : "+x"(high)); /* gcc 12 would compare it with zero before every blend */
    __m256 g = v_entry(oct_silu_table[3], index, high);
    for (int k = 2; k >= 0; k--)
        g = _mm256_fmadd_ps(g, a, v_entry(oct_silu_table[k], index, high));
    return _mm256_fmadd_ps(v, _mm256_set1_ps(0.5f), g);
}

/* As v_silu_any(), in the lower eight segments. */
static inline v_float v_silu_low(v_float v, v_float a, v_float t)
{
    const __m256i index = _mm256_castps_si256(t);
    __m256 g = _mm256_permutevar8x32_ps(_mm256_loadu_ps(oct_silu_table[3]), index);
    for (int k = 2; k >= 0; k--)
        g = _mm256_fmadd_ps(g, a,
                            _mm256_permutevar8x32_ps(_mm256_loadu_ps(oct_silu_table[k]), index));
    return _mm256_fmadd_ps(v, _mm256_set1_ps(0.5f), g);
}

/* Most vectors have no |v| above 6.3, and need but half of the table: a third less work. */
static inline void v_silu_table(v_float v[4])
{
    const __m256 magnitude = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffffff));
    const __m256 magic = _mm256_set1_ps(OCT_SILU_MAGIC), scale = _mm256_set1_ps(OCT_SILU_SCALE);
    __m256 t[4];
    for (int i = 0; i < 4; i++)
        t[i] = _mm256_fmadd_ps(_mm256_and_ps(v[i], magnitude), scale, magic);
    const __m256 most = _mm256_max_ps(_mm256_max_ps(t[0], t[1]), _mm256_max_ps(t[2], t[3]));
    const __m256 beyond =
        _mm256_cmp_ps(most, _mm256_set1_ps(OCT_SILU_MAGIC + OCT_LANES), _CMP_NLT_UQ);
    if (_mm256_movemask_ps(beyond) == 0) {
        for (int i = 0; i < 4; i++) /* a NaN stays one */
            v[i] = v_silu_low(v[i], _mm256_and_ps(v[i], magnitude), t[i]);
    } else {
        for (int i = 0; i < 4; i++)
            v[i] = v_silu_any(v[i], _mm256_and_ps(v[i], magnitude), t[i]);
    }
}

static inline void v_gelu_table(const float (*table)[OCT_SILU_SEGMENTS], v_float v[4])
{
    const __m256 magnitude = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffffff));
    const __m256 last = _mm256_set1_ps(OCT_SILU_MAGIC_LAST);
    const __m256 magic = _mm256_set1_ps(OCT_SILU_MAGIC), scale = _mm256_set1_ps(OCT_GELU_SCALE);
    for (int i = 0; i < 4; i++) {
        const __m256 a = _mm256_and_ps(v[i], magnitude);
        const __m256i index =
            _mm256_castps_si256(_mm256_min_ps(_mm256_fmadd_ps(a, scale, magic), last));
        const __m256 high = _mm256_castsi256_ps(_mm256_slli_epi32(index, 28));
        __m256 g = v_entry(table[3], index, high);
        for (int k = 2; k >= 0; k--)
            g = _mm256_fmadd_ps(g, a, v_entry(table[k], index, high));
        v[i] = _mm256_fmadd_ps(v[i], _mm256_set1_ps(0.5f), g);
    }
}

#endif
