/* SPDX-License-Identifier: Apache-2.0 */
/* Frames' rows as RGB on AVX2, 16 pixels at a time. What is left of a row is the reference's. */
#include <immintrin.h>
#include <string.h>

#include "runtime/backend/cpu/kernels/ref/ref.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

enum { BLOCK = 16, LOW_BITS = 7, LOW_MASK = (1 << LOW_BITS) - 1 };

/* A factor is 128 * high + low. */
static inline int high_of(int factor)
{
    return factor >> LOW_BITS;
}

static inline int low_of(int factor)
{
    return factor & LOW_MASK;
}

/* Pairs of 16 bits, first and second. */
static inline __m256i pairs_of(int first, int second)
{
    return _mm256_set1_epi32((int)((uint32_t)(uint16_t)first | (uint32_t)second << 16));
}

/* What a vector of pairs (u, v) is multiplied by, for one colour. */
struct chroma_factors {
    __m256i high, low;
};

static inline struct chroma_factors chroma_of(int u, int v)
{
    return (struct chroma_factors){pairs_of(high_of(u), high_of(v)),
                                   pairs_of(low_of(u), low_of(v))};
}

/* u and v times their factors, of 8 pairs in 16 bits; `high` is the pairs times 128. */
static inline __m256i chroma_sums(__m256i pairs, __m256i high, struct chroma_factors by)
{
    return _mm256_add_epi32(_mm256_madd_epi16(high, by.high), _mm256_madd_epi16(pairs, by.low));
}

/* One colour of 16 pixels, of 32 bits before it is limited: each chroma sum serves two. */
static inline __m256i colour_of(__m256i luma_low, __m256i luma_high, __m256i chroma)
{
    const __m256i low = _mm256_add_epi32(luma_low, _mm256_unpacklo_epi32(chroma, chroma));
    const __m256i high = _mm256_add_epi32(luma_high, _mm256_unpackhi_epi32(chroma, chroma));
    return _mm256_packs_epi32(_mm256_srai_epi32(low, OCT_YUV_SHIFT),
                              _mm256_srai_epi32(high, OCT_YUV_SHIFT));
}

/* Writes 16 pixels of 3 bytes, and 4 bytes behind them. */
static inline void store_colours(uint8_t *rgb, __m256i red, __m256i green, __m256i blue)
{
    const __m256i close = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -128, -128, -128, -128));
    const __m256i red_blue = _mm256_packus_epi16(red, blue);
    const __m256i green_none = _mm256_packus_epi16(green, _mm256_setzero_si256());
    const __m256i red_green = _mm256_unpacklo_epi8(red_blue, green_none);
    const __m256i blue_none = _mm256_unpackhi_epi8(red_blue, green_none);
    const __m256i low = /* pixels 0 to 3, 8 to 11 */
        _mm256_shuffle_epi8(_mm256_unpacklo_epi16(red_green, blue_none), close);
    const __m256i high = /* 4 to 7, 12 to 15 */
        _mm256_shuffle_epi8(_mm256_unpackhi_epi16(red_green, blue_none), close);
    _mm_storeu_si128((__m128i *)rgb, _mm256_castsi256_si128(low));
    _mm_storeu_si128((__m128i *)(rgb + 12), _mm256_castsi256_si128(high));
    _mm_storeu_si128((__m128i *)(rgb + 24), _mm256_extracti128_si256(low, 1));
    _mm_storeu_si128((__m128i *)(rgb + 36), _mm256_extracti128_si256(high, 1));
}

static inline __m256i bytes_to_words(const uint8_t *at)
{
    return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)at));
}

/* How a row's samples lie: by chroma_step. */
enum samples { PLANES = 1, PAIRS = 2, PACKED = 4 };

/* Y of the 16 pixels from x on, and their 8 pairs of U and V, in 16 bits each. */
static inline void load(const struct oct_yuv_row *row, int x, enum samples samples, __m256i *luma,
                        __m256i *pairs)
{
    if (samples == PACKED) {
        const __m256i both = _mm256_loadu_si256((const __m256i *)(row->y + 2 * x));
        *luma = _mm256_and_si256(both, _mm256_set1_epi16(0xff));
        *pairs = _mm256_srli_epi16(both, 8);
        return;
    }
    *luma = bytes_to_words(row->y + x);
    if (samples == PAIRS)
        *pairs = bytes_to_words(row->u + x);
    else
        *pairs = _mm256_cvtepu8_epi16(
            _mm_unpacklo_epi8(_mm_loadl_epi64((const __m128i *)(row->u + x / 2)),
                              _mm_loadl_epi64((const __m128i *)(row->v + x / 2))));
}

static inline __attribute__((always_inline)) void
convert_blocks(const struct oct_yuv_row *row, const struct oct_yuv_factors *factors, uint8_t *rgb,
               int end, enum samples samples)
{
    const __m256i black = _mm256_set1_epi16((short)factors->black);
    const __m256i middle = _mm256_set1_epi16(128);
    const __m256i half = _mm256_set1_epi32(1 << (OCT_YUV_SHIFT - 1));
    const __m256i by_luma = pairs_of(low_of(factors->luma), high_of(factors->luma));
    const struct chroma_factors by_red = chroma_of(0, factors->red_v);
    const struct chroma_factors by_green = chroma_of(factors->green_u, factors->green_v);
    const struct chroma_factors by_blue = chroma_of(factors->blue_u, 0);
    for (int x = 0; x < end; x += BLOCK, rgb += 3 * BLOCK) {
        __m256i luma, pairs;
        load(row, x, samples, &luma, &pairs);
        luma = _mm256_subs_epu16(luma, black);
        pairs = _mm256_sub_epi16(pairs, middle);
        const __m256i high = _mm256_slli_epi16(pairs, LOW_BITS);
        const __m256i luma_high = _mm256_slli_epi16(luma, LOW_BITS);
        const __m256i first = _mm256_add_epi32(
            _mm256_madd_epi16(_mm256_unpacklo_epi16(luma, luma_high), by_luma), half);
        const __m256i second = _mm256_add_epi32(
            _mm256_madd_epi16(_mm256_unpackhi_epi16(luma, luma_high), by_luma), half);
        store_colours(rgb, colour_of(first, second, chroma_sums(pairs, high, by_red)),
                      colour_of(first, second, chroma_sums(pairs, high, by_green)),
                      colour_of(first, second, chroma_sums(pairs, high, by_blue)));
    }
}

/* Whole blocks, up to `end`; four bytes behind them are written. */
static __attribute__((noinline)) void
convert(const struct oct_yuv_row *row, const struct oct_yuv_factors *factors, uint8_t *rgb, int end)
{
    if (row->chroma_step == PLANES)
        convert_blocks(row, factors, rgb, end, PLANES);
    else if (row->chroma_step == PAIRS)
        convert_blocks(row, factors, rgb, end, PAIRS);
    else
        convert_blocks(row, factors, rgb, end, PACKED);
}

/* The row from an even pixel on. */
static struct oct_yuv_row row_from(const struct oct_yuv_row *row, int x)
{
    const int chroma = x / 2 * row->chroma_step;
    return (struct oct_yuv_row){row->y + x * row->y_step, row->u + chroma, row->v + chroma,
                                row->y_step, row->chroma_step};
}

/* The row's last block begins at an even pixel and is worked out beside it: what whole blocks wrote
 * behind themselves, two pixels before the row's end at most, is written over. */
static void yuv_pixels(const struct oct_yuv_row *row, const struct oct_yuv_factors *factors,
                       uint8_t *rgb, int pixels)
{
    int done = 0;
    if (pixels >= BLOCK) {
        const int last = (pixels - BLOCK) & ~1;
        const struct oct_yuv_row from = row_from(row, last);
        uint8_t block[3 * BLOCK + 4];
        convert(row, factors, rgb, (last + BLOCK - 1) / BLOCK * BLOCK);
        convert(&from, factors, block, BLOCK);
        memcpy(rgb + 3 * last, block, 3 * BLOCK);
        done = last + BLOCK;
    }
    oct_yuv_pixels_rest_ref(row, factors, done, rgb, pixels);
}

/* Five pixels at a time; loads and stores have a byte too many. */
static void swap_pixels(const uint8_t *bgr, uint8_t *rgb, int pixels)
{
    const __m128i swap = _mm_setr_epi8(2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9, 14, 13, 12, -128);
    int x = 0;
    for (; x + 5 < pixels; x += 5, bgr += 15, rgb += 15)
        _mm_storeu_si128((__m128i *)rgb,
                         _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)bgr), swap));
    oct_swap_pixels_ref(bgr, rgb, pixels - x);
}

void oct_fill_yuv_avx2(struct oct_kernels *kernels)
{
    kernels->resize.yuv_pixels = yuv_pixels;
    kernels->resize.swap_pixels = swap_pixels;
}
