/* SPDX-License-Identifier: Apache-2.0 */
/* Resizing on AVX2: two pixels of a target row in each half of a vector. What is left of a row
 * after whole vectors is the reference's. */
#include <immintrin.h>

#include "runtime/backend/cpu/kernels/ref/ref.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

enum { BLOCK = 8 }; /* target pixels a turn of the row loops */

static inline __m256i both_halves(__m128i lane)
{
    return _mm256_broadcastsi128_si256(lane);
}

static inline __m128i load_8(const uint8_t *at)
{
    return _mm_loadl_epi64((const __m128i *)at);
}

/* Pixels that a target of `pixel_bytes` takes by whole vectors: stores of 3 byte pixels write 4
 * bytes too many, which must be the next pixels'. */
static inline int blocks_end(int columns, int pixel_bytes)
{
    const int usable = pixel_bytes == 4 ? columns : columns - 2;
    return usable < 0 ? 0 : usable / BLOCK * BLOCK;
}

/* Writes 8 pixels, R G B 0, as pixels of 3 or 4 bytes. */
static inline void store_pixels(uint8_t *out, __m256i pixels, int pixel_bytes)
{
    if (pixel_bytes == 4) {
        _mm256_storeu_si256((__m256i *)out, pixels);
        return;
    }
    const __m256i close =
        both_halves(_mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -128, -128, -128, -128));
    const __m256i closed = _mm256_shuffle_epi8(pixels, close);
    _mm_storeu_si128((__m128i *)out, _mm256_castsi256_si128(closed));
    _mm_storeu_si128((__m128i *)(out + 12), _mm256_extracti128_si256(closed, 1));
}

/* Four columns at a time: 8 bytes from each offset hold both pixels; bytes become pairs of 16 bits
 * (p, q), which vpmaddwd multiplies with their weights and adds. */
static void blend_columns(const struct oct_columns *columns, const uint8_t *source,
                          int16_t *blended)
{
    const __m256i low = both_halves(_mm_setr_epi8(0, -128, 3, -128, 1, -128, 4, -128, 2, -128, 5,
                                                  -128, -128, -128, -128, -128));
    const __m256i high = both_halves(_mm_setr_epi8(8, -128, 11, -128, 9, -128, 12, -128, 10, -128,
                                                   13, -128, -128, -128, -128, -128));
    const int32_t *offsets = columns->offsets;
    const int16_t *weights = columns->weights;
    int x = 0;
    for (; x + 4 <= columns->inner; x += 4) {
        const __m128i even =
            _mm_unpacklo_epi64(load_8(source + offsets[x]), load_8(source + offsets[x + 2]));
        const __m128i odd =
            _mm_unpacklo_epi64(load_8(source + offsets[x + 1]), load_8(source + offsets[x + 3]));
        /* halves: columns 0 and 2, 1 and 3; then 0 and 1, 2 and 3 */
        const __m256i pixels = _mm256_inserti128_si256(_mm256_castsi128_si256(even), odd, 1);
        const __m256i first =
            _mm256_madd_epi16(_mm256_shuffle_epi8(pixels, low),
                              _mm256_loadu_si256((const __m256i *)(weights + 8 * x)));
        const __m256i second =
            _mm256_madd_epi16(_mm256_shuffle_epi8(pixels, high),
                              _mm256_loadu_si256((const __m256i *)(weights + 8 * x + 16)));
        const __m256i lanes =
            _mm256_packs_epi32(_mm256_srai_epi32(first, 4), _mm256_srai_epi32(second, 4));
        _mm256_storeu_si256((__m256i *)(blended + OCT_BLEND_LANES * x),
                            _mm256_permute4x64_epi64(lanes, _MM_SHUFFLE(3, 1, 2, 0)));
    }
    oct_blend_columns_rest_ref(columns, x, source, blended);
}

static inline __m256i blend_lanes(const int16_t *first, __m256i a, const int16_t *second, __m256i b)
{
    const __m256i p = _mm256_mulhi_epi16(_mm256_loadu_si256((const __m256i *)first), a);
    const __m256i q = _mm256_mulhi_epi16(_mm256_loadu_si256((const __m256i *)second), b);
    return _mm256_srai_epi16(_mm256_add_epi16(_mm256_add_epi16(p, q), _mm256_set1_epi16(2)), 2);
}

static inline __attribute__((always_inline)) void
blend_blocks(const struct oct_blended_rows *rows, int end, int pixel_bytes, uint8_t *out)
{
    const __m256i a = _mm256_set1_epi16(rows->first_weight);
    const __m256i b = _mm256_set1_epi16(rows->second_weight);
    const int16_t *first = rows->first, *second = rows->second;
    for (int x = 0; x < end; x += BLOCK, first += 32, second += 32, out += BLOCK * pixel_bytes) {
        const __m256i bytes = _mm256_packus_epi16(blend_lanes(first, a, second, b),
                                                  blend_lanes(first + 16, a, second + 16, b));
        store_pixels(out, _mm256_permute4x64_epi64(bytes, _MM_SHUFFLE(3, 1, 2, 0)), pixel_bytes);
    }
}

static void blend_rows(const struct oct_blended_rows *rows, uint8_t *out)
{
    const int end = blocks_end(rows->columns, rows->pixel_bytes);
    if (rows->pixel_bytes == 4)
        blend_blocks(rows, end, 4, out);
    else
        blend_blocks(rows, end, 3, out);
    oct_blend_rows_rest_ref(rows, end, out);
}

/* The sums of four pairs of neighbouring pixels, from 24 bytes at `at` of which 4 more are read. */
static inline __m256i pair_sums(const uint8_t *at)
{
    const __m256i pairs =
        both_halves(_mm_setr_epi8(0, 3, 1, 4, 2, 5, -128, -128, 6, 9, 7, 10, 8, 11, -128, -128));
    const __m256i pixels =
        _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)at)),
                                _mm_loadu_si128((const __m128i *)(at + 12)), 1);
    return _mm256_maddubs_epi16(_mm256_shuffle_epi8(pixels, pairs), _mm256_set1_epi8(1));
}

static inline __m256i halve_four(const uint8_t *first, const uint8_t *second)
{
    const __m256i sum = _mm256_add_epi16(pair_sums(first), pair_sums(second));
    return _mm256_srli_epi16(_mm256_add_epi16(sum, _mm256_set1_epi16(2)), 2);
}

static inline __attribute__((always_inline)) void
halve_blocks(const struct oct_halved_rows *rows, int end, int pixel_bytes, uint8_t *out)
{
    const uint8_t *first = rows->first, *second = rows->second;
    for (int x = 0; x < end; x += BLOCK, first += 48, second += 48, out += BLOCK * pixel_bytes) {
        const __m256i bytes =
            _mm256_packus_epi16(halve_four(first, second), halve_four(first + 24, second + 24));
        store_pixels(out, _mm256_permute4x64_epi64(bytes, _MM_SHUFFLE(3, 1, 2, 0)), pixel_bytes);
    }
}

static void halve_rows(const struct oct_halved_rows *rows, uint8_t *out)
{
    const int end = blocks_end(rows->columns - 1, rows->pixel_bytes); /* 4 bytes read too many */
    if (rows->pixel_bytes == 4)
        halve_blocks(rows, end, 4, out);
    else
        halve_blocks(rows, end, 3, out);
    oct_halve_rows_rest_ref(rows, end, out);
}

static void widen_pixels(const uint8_t *rgb, uint8_t *rgb0, int pixels)
{
    const __m256i apart =
        both_halves(_mm_setr_epi8(0, 1, 2, -128, 3, 4, 5, -128, 6, 7, 8, -128, 9, 10, 11, -128));
    int x = 0;
    for (; x + BLOCK + 2 <= pixels; x += BLOCK, rgb += 3 * BLOCK, rgb0 += 4 * BLOCK) {
        const __m256i close =
            _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)rgb)),
                                    _mm_loadu_si128((const __m128i *)(rgb + 12)), 1);
        _mm256_storeu_si256((__m256i *)rgb0, _mm256_shuffle_epi8(close, apart));
    }
    oct_widen_pixels_ref(rgb, rgb0, pixels - x);
}

void oct_fill_resize_avx2(struct oct_kernels *kernels)
{
    kernels->resize.blend_columns = blend_columns;
    kernels->resize.blend_rows = blend_rows;
    kernels->resize.halve_rows = halve_rows;
    kernels->resize.widen_pixels = widen_pixels;
}
