/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling on AVX2: maxima, for which rows of bytes and of floats are worked on alike, and means. */
#include <immintrin.h>
#include <string.h>

#include "base/bfloat16.h"
#include "network/requantize.h"
#include "runtime/backend/cpu/kernels/x86/bf16_avx2.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

enum { VECTOR = 32, WORD = 4 };

/* The rows, or columns, that take part in a window. */
struct span {
    int first, count;
};

static inline struct span span_of(const struct oct_pool_job *job, int at, int end)
{
    const int from = at * job->stride - job->padding, to = from + job->kernel;
    const int first = from > job->first ? from : job->first;
    return (struct span){first, (to < end ? to : end) - first};
}

/* BF16 as integers of the same order, and back. */
static inline __m256i ordered(__m256i a)
{
    return _mm256_xor_si256(a, _mm256_srli_epi16(_mm256_srai_epi16(a, 15), 1));
}

static inline __m256i max_of(__m256i a, __m256i b, enum oct_type type)
{
    if (type == OCT_TYPE_U8)
        return _mm256_max_epu8(a, b);
    if (type == OCT_TYPE_BF16)
        return ordered(_mm256_max_epi16(ordered(a), ordered(b)));
    return _mm256_castps_si256(_mm256_max_ps(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b)));
}

/* The greatest of `count` columns of `bytes` bytes (a multiple of 4), `step` bytes apart. */
static inline __attribute__((always_inline)) void max_columns(const uint8_t *first, size_t step,
                                                              int count, size_t bytes, uint8_t *out,
                                                              enum oct_type type)
{
    size_t i = 0;
    for (; i + VECTOR <= bytes; i += VECTOR) {
        __m256i best = _mm256_loadu_si256((const __m256i *)(first + i));
        for (int k = 1; k < count; k++)
            best = max_of(best, _mm256_loadu_si256((const __m256i *)(first + i + (size_t)k * step)),
                          type);
        _mm256_storeu_si256((__m256i *)(out + i), best);
    }
    for (; i < bytes; i += WORD) {
        int word;
        memcpy(&word, first + i, WORD);
        __m256i best = _mm256_set1_epi32(word);
        for (int k = 1; k < count; k++) {
            memcpy(&word, first + i + (size_t)k * step, WORD);
            best = max_of(best, _mm256_set1_epi32(word), type);
        }
        word = _mm_cvtsi128_si32(_mm256_castsi256_si128(best));
        memcpy(out + i, &word, WORD);
    }
}

/* Row-wise maxima of the rows that [row_begin, row_end) reaches, once each. */
static size_t pool_scratch_bytes(const struct oct_pool_job *job)
{
    return (size_t)(job->end_row - job->first) * (size_t)job->width * (size_t)job->channels *
           oct_type_bytes(job->input.type);
}

static inline __attribute__((always_inline)) void max_pool(const struct oct_pool_job *job,
                                                           int row_begin, int row_end,
                                                           uint8_t *scratch, enum oct_type type)
{
    const size_t element = oct_type_bytes(type), bytes = (size_t)job->channels * element;
    const size_t line = (size_t)job->width * bytes, pixel = job->input.pixel * element;
    if (row_begin >= row_end)
        return;
    const struct span last = span_of(job, row_end - 1, job->end_row);
    const int top = span_of(job, row_begin, job->end_row).first;
    for (int y = top; y < last.first + last.count; y++) {
        const uint8_t *row =
            (const uint8_t *)job->input.data + y * (ptrdiff_t)job->input.row * (ptrdiff_t)element;
        uint8_t *out = scratch + (size_t)(y - top) * line;
        for (int x = 0; x < job->width; x++, out += bytes) {
            const struct span columns = span_of(job, x, job->end_column);
            max_columns(row + columns.first * (ptrdiff_t)pixel, pixel, columns.count, bytes, out,
                        type);
        }
    }
    for (int y = row_begin; y < row_end; y++) {
        const struct span rows = span_of(job, y, job->end_row);
        const uint8_t *maxima = scratch + (size_t)(rows.first - top) * line;
        uint8_t *out = (uint8_t *)job->output.data + (size_t)y * job->output.row * element;
        for (int x = 0; x < job->width; x++)
            max_columns(maxima + (size_t)x * bytes, line, rows.count, bytes,
                        out + (size_t)x * job->output.pixel * element, type);
    }
}

static void max_pool_u8(const struct oct_pool_job *job, int row_begin, int row_end, void *scratch)
{
    max_pool(job, row_begin, row_end, scratch, OCT_TYPE_U8);
}

static void max_pool_f32(const struct oct_pool_job *job, int row_begin, int row_end, void *scratch)
{
    max_pool(job, row_begin, row_end, scratch, OCT_TYPE_F32);
}

static void max_pool_bf16(const struct oct_pool_job *job, int row_begin, int row_end, void *scratch)
{
    max_pool(job, row_begin, row_end, scratch, OCT_TYPE_BF16);
}

/* ---- means ---- */

/* A window's first pixel, from one of its channels on, and the way to the others: bytes. */
struct taps {
    const uint8_t *first;
    ptrdiff_t row, pixel;
    int kernel;
};

/* How means become codes, see oct_requantize(). */
struct coding {
    __m256 share, inverse, highest, lowest;
    __m256i zero_points, zero_point; /* of all that is summed up, of the result */
};

static struct coding coding_of(const struct oct_pool_job *job)
{
    const int from = job->input.quantization.zero_point, to = job->output.quantization.zero_point;
    return (struct coding){_mm256_set1_ps(job->share),
                           _mm256_set1_ps(job->output.inverse_scale),
                           _mm256_set1_ps((float)(255 - to)),
                           _mm256_set1_ps((float)-to),
                           _mm256_set1_epi32(job->kernel * job->kernel * from),
                           _mm256_set1_epi32(to)};
}

/* Eight sums to codes, in 32 bits each. */
static inline __m256i codes_of(__m256i sums, const struct coding *c)
{
    const __m256 mean =
        _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(sums, c->zero_points)), c->share);
    const __m256 steps =
        _mm256_max_ps(_mm256_min_ps(_mm256_mul_ps(mean, c->inverse), c->highest), c->lowest);
    return _mm256_add_epi32(_mm256_cvtps_epi32(steps), c->zero_point);
}

static inline __m256i sixteen(const uint8_t *codes)
{
    return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(const void *)codes));
}

/* Of sixteen channels: sums of up to 15 x 15 codes fit 16 bits. */
static inline __m256i sums_of_16(const struct taps *t)
{
    const uint8_t *below = t->first + t->row;
    __m256i sums = _mm256_setzero_si256();
    if (t->kernel == 2)
        return _mm256_add_epi16(_mm256_add_epi16(sixteen(t->first), sixteen(t->first + t->pixel)),
                                _mm256_add_epi16(sixteen(below), sixteen(below + t->pixel)));
    for (int y = 0; y < t->kernel; y++)
        for (int x = 0; x < t->kernel; x++)
            sums = _mm256_add_epi16(sums, sixteen(t->first + y * t->row + x * t->pixel));
    return sums;
}

static inline __m128i mean_of_16(const struct taps *t, const struct coding *c)
{
    const __m256i sums = sums_of_16(t);
    const __m256i low = codes_of(_mm256_cvtepu16_epi32(_mm256_castsi256_si128(sums)), c);
    const __m256i high = codes_of(_mm256_cvtepu16_epi32(_mm256_extracti128_si256(sums, 1)), c);
    const __m256i words = _mm256_permute4x64_epi64(_mm256_packus_epi32(low, high), 0xd8);
    return _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
}

/* Four channels. */
static inline int mean_of_4(const struct taps *t, const struct coding *c)
{
    __m128i sums = _mm_setzero_si128();
    for (int y = 0; y < t->kernel; y++)
        for (int x = 0; x < t->kernel; x++) {
            int word;
            memcpy(&word, t->first + y * t->row + x * t->pixel, WORD);
            sums = _mm_add_epi32(sums, _mm_cvtepu8_epi32(_mm_cvtsi32_si128(word)));
        }
    const __m128i codes = _mm256_castsi256_si128(codes_of(_mm256_castsi128_si256(sums), c));
    const __m128i words = _mm_packus_epi32(codes, codes);
    return _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
}

static void mean_of_codes(struct taps t, uint8_t *out, int channels, const struct coding *coding)
{
    int c = 0;
    for (; c + 16 <= channels; c += 16, t.first += 16)
        _mm_storeu_si128((__m128i *)(void *)(out + c), mean_of_16(&t, coding));
    for (; c < channels; c += WORD, t.first += WORD) {
        const int word = mean_of_4(&t, coding);
        memcpy(out + c, &word, WORD);
    }
}

static inline __m128 load_four(const uint8_t *from, enum oct_type type)
{
    if (type == OCT_TYPE_F32)
        return _mm_loadu_ps((const float *)(const void *)from);
    return four_of_bf16(from);
}

static void mean_of_values(struct taps t, uint8_t *out, int channels, __m128 share,
                           enum oct_type type)
{
    const size_t four = WORD * oct_type_bytes(type);
    for (int c = 0; c < channels; c += WORD, t.first += four, out += four) {
        __m128 sum = _mm_setzero_ps();
        for (int y = 0; y < t.kernel; y++)
            for (int x = 0; x < t.kernel; x++)
                sum = _mm_add_ps(sum, load_four(t.first + y * t.row + x * t.pixel, type));
        sum = _mm_mul_ps(sum, share);
        if (type == OCT_TYPE_F32)
            _mm_storeu_ps((float *)(void *)out, sum);
        else
            _mm_storel_epi64((__m128i *)(void *)out, bf16_of_four(sum));
    }
}

static void mean_pool(const struct oct_pool_job *job, int row_begin, int row_end, void *scratch)
{
    const struct coding coding = coding_of(job);
    const enum oct_type type = job->input.type;
    const ptrdiff_t element = (ptrdiff_t)oct_type_bytes(type);
    struct taps taps = {NULL, element * (ptrdiff_t)job->input.row,
                        element * (ptrdiff_t)job->input.pixel, job->kernel};
    (void)scratch;
    for (int y = row_begin; y < row_end; y++)
        for (int x = 0; x < job->width; x++) {
            uint8_t *out =
                (uint8_t *)job->output.data +
                ((size_t)y * job->output.row + (size_t)x * job->output.pixel) * (size_t)element;
            taps.first = (const uint8_t *)job->input.data +
                         (y * job->stride - job->padding) * taps.row +
                         (x * job->stride - job->padding) * taps.pixel;
            if (type == OCT_TYPE_U8)
                mean_of_codes(taps, out, job->channels, &coding);
            else
                mean_of_values(taps, out, job->channels, _mm256_castps256_ps128(coding.share),
                               type);
        }
}

void oct_fill_pools_avx2(struct oct_kernels *kernels)
{
    kernels->pool_scratch_bytes = pool_scratch_bytes;
    kernels->max_pool_u8 = max_pool_u8;
    kernels->max_pool_f32 = max_pool_f32;
    kernels->max_pool_half = max_pool_bf16;
    kernels->mean_pool = mean_pool;
}
