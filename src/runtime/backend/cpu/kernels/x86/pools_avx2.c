/* SPDX-License-Identifier: Apache-2.0 */
/* Maximum pools on AVX2: rows of bytes and of floats are worked on alike. */
#include <immintrin.h>
#include <string.h>

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

void oct_fill_pools_avx2(struct oct_kernels *kernels)
{
    kernels->pool_scratch_bytes = pool_scratch_bytes;
    kernels->max_pool_u8 = max_pool_u8;
    kernels->max_pool_f32 = max_pool_f32;
    kernels->max_pool_half = max_pool_bf16;
}
