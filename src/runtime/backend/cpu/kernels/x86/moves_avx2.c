/* SPDX-License-Identifier: Apache-2.0 */
/* Upsampling, conversions and pixels to float on AVX2; rows of bytes and of floats are worked on
 * alike. */
#include <immintrin.h>
#include <string.h>

#include "runtime/backend/cpu/kernels/x86/bf16_avx2.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

enum { VECTOR = 32, WORD = 4 };

/* One pixel to two places; `bytes` is a multiple of 4. */
static inline void copy_twice(const uint8_t *in, uint8_t *a, uint8_t *b, size_t bytes)
{
    size_t i = 0;
    for (; i + VECTOR <= bytes; i += VECTOR) {
        const __m256i v = _mm256_loadu_si256((const __m256i *)(in + i));
        _mm256_storeu_si256((__m256i *)(a + i), v);
        _mm256_storeu_si256((__m256i *)(b + i), v);
    }
    for (; i < bytes; i += WORD) {
        memcpy(a + i, in + i, WORD);
        memcpy(b + i, in + i, WORD);
    }
}

static void upsample2(const struct oct_view *input, const struct oct_view *output, int channels,
                      int output_width, int row_begin, int row_end)
{
    const size_t element = oct_type_bytes(input->type), bytes = (size_t)channels * element;
    const size_t step = output->pixel * element;
    for (int y = row_begin; y < row_end; y++) {
        const uint8_t *in = (const uint8_t *)input->data + (size_t)(y / 2) * input->row * element;
        uint8_t *out = (uint8_t *)output->data + (size_t)y * output->row * element;
        int x = 0;
        for (; x + 2 <= output_width; x += 2, in += input->pixel * element, out += 2 * step)
            copy_twice(in, out, out + step, bytes);
        if (x < output_width)
            copy_twice(in, out, out, bytes);
    }
}

enum { LANES = 8 };

/* `count` (a multiple of 4) codes of a pixel to values. */
static inline void values_of(const uint8_t *codes, float *values, size_t count, __m256 scale,
                             __m256i zero_point)
{
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        const __m128i eight = _mm_loadl_epi64((const __m128i *)(codes + i));
        const __m256i steps = _mm256_sub_epi32(_mm256_cvtepu8_epi32(eight), zero_point);
        _mm256_storeu_ps(values + i, _mm256_mul_ps(_mm256_cvtepi32_ps(steps), scale));
    }
    if (i < count) {
        int word;
        memcpy(&word, codes + i, WORD);
        const __m128i steps = _mm_sub_epi32(_mm_cvtepu8_epi32(_mm_cvtsi32_si128(word)),
                                            _mm256_castsi256_si128(zero_point));
        _mm_storeu_ps(values + i,
                      _mm_mul_ps(_mm_cvtepi32_ps(steps), _mm256_castps256_ps128(scale)));
    }
}

/* Four values to codes, as oct_requantize(): a NaN takes the second operand of min. */
static inline int codes_of_four(__m128 v, __m128 inverse, __m128 highest, __m128 lowest,
                                __m128i zero_point)
{
    v = _mm_max_ps(_mm_min_ps(_mm_mul_ps(v, inverse), highest), lowest);
    const __m128i words = _mm_add_epi32(_mm_cvtps_epi32(v), zero_point);
    const __m128i narrow = _mm_packus_epi32(words, words);
    return _mm_cvtsi128_si32(_mm_packus_epi16(narrow, narrow));
}

/* How codes of a view and values go into each other. */
struct coding {
    __m128 scale, inverse, highest, lowest;
    __m128i zero_point;
};

static struct coding coding_of(const struct oct_view *view)
{
    return (struct coding){_mm_set1_ps(view->quantization.scale), _mm_set1_ps(view->inverse_scale),
                           _mm_set1_ps((float)(255 - view->quantization.zero_point)),
                           _mm_set1_ps((float)-view->quantization.zero_point),
                           _mm_set1_epi32(view->quantization.zero_point)};
}

static inline __m128 load_four(const uint8_t *from, enum oct_type type, const struct coding *coding)
{
    int word;
    if (type == OCT_TYPE_F32)
        return _mm_loadu_ps((const float *)(const void *)from);
    if (type == OCT_TYPE_BF16)
        return four_of_bf16(from);
    memcpy(&word, from, WORD);
    const __m128i codes = _mm_cvtepu8_epi32(_mm_cvtsi32_si128(word));
    return _mm_mul_ps(_mm_cvtepi32_ps(_mm_sub_epi32(codes, coding->zero_point)), coding->scale);
}

static inline void store_four(uint8_t *to, enum oct_type type, const struct coding *coding,
                              __m128 v)
{
    if (type == OCT_TYPE_F32) {
        _mm_storeu_ps((float *)(void *)to, v);
    } else if (type == OCT_TYPE_BF16) {
        _mm_storel_epi64((__m128i *)(void *)to, bf16_of_four(v));
    } else {
        const int word =
            codes_of_four(v, coding->inverse, coding->highest, coding->lowest, coding->zero_point);
        memcpy(to, &word, WORD);
    }
}

static void convert(const struct oct_view *input, const struct oct_view *output, int channels,
                    int width, int row_begin, int row_end)
{
    const __m256 scale = _mm256_set1_ps(input->quantization.scale);
    const __m256i zero_point = _mm256_set1_epi32(input->quantization.zero_point);
    const struct coding in = coding_of(input), out = coding_of(output);
    const size_t element = oct_type_bytes(input->type), element_out = oct_type_bytes(output->type);
    const bool widens = input->type == OCT_TYPE_U8 && output->type == OCT_TYPE_F32;
    for (int y = row_begin; y < row_end; y++) {
        for (int x = 0; x < width; x++) {
            const uint8_t *from = (const uint8_t *)input->data +
                                  ((size_t)y * input->row + (size_t)x * input->pixel) * element;
            uint8_t *to = (uint8_t *)output->data +
                          ((size_t)y * output->row + (size_t)x * output->pixel) * element_out;
            if (widens)
                values_of(from, (float *)(void *)to, (size_t)channels, scale, zero_point);
            for (size_t c = 0; c < (size_t)channels && !widens; c += WORD)
                store_four(to + c * element_out, output->type, &out,
                           load_four(from + c * element, input->type, &in));
        }
    }
}

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
    kernels->attention_u8 = &oct_attention_u8_avx2;
    kernels->attention_float = &oct_attention_float_avx2;
    kernels->upsample2 = upsample2;
    kernels->convert = convert;
    kernels->pixels_to_float = pixels_to_float;
}
