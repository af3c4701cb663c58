/* SPDX-License-Identifier: Apache-2.0 */
/* Maximum pools on NEON: along rows into the scratch, then down them. */
#include <arm_neon.h>
#include <string.h>

#include "runtime/backend/cpu/kernels/arm/arm.h"

enum { VECTOR = 16, WORD = 4 };

/* The inputs of a window that take part, along one side. */
struct reach {
    int first, count;
};

static struct reach reach_of(const struct oct_pool_job *job, int at, int end)
{
    int first = at * job->stride - job->padding;
    const int behind = first + job->kernel < end ? first + job->kernel : end;
    first = first > job->first ? first : job->first;
    return (struct reach){first, behind - first};
}

/* BF16 as integers of the same order, and back. */
static inline int16x8_t in_order(int16x8_t a)
{
    const uint16x8_t below = vshrq_n_u16(vreinterpretq_u16_s16(vshrq_n_s16(a, 15)), 1);
    return veorq_s16(a, vreinterpretq_s16_u16(below));
}

/* Of floats as a > b ? a : b. */
static inline uint8x16_t greater(uint8x16_t a, uint8x16_t b, enum oct_type type)
{
    if (type == OCT_TYPE_U8)
        return vmaxq_u8(a, b);
    if (type == OCT_TYPE_BF16)
        return vreinterpretq_u8_s16(in_order(
            vmaxq_s16(in_order(vreinterpretq_s16_u8(a)), in_order(vreinterpretq_s16_u8(b)))));
    const float32x4_t x = vreinterpretq_f32_u8(a), y = vreinterpretq_f32_u8(b);
    return vbslq_u8(vreinterpretq_u8_u32(vcgtq_f32(x, y)), a, b);
}

static inline uint8x16_t load_word(const uint8_t *at)
{
    uint32_t word;
    memcpy(&word, at, WORD);
    return vreinterpretq_u8_u32(vdupq_n_u32(word));
}

/* The greatest of `count` inputs of `bytes` bytes, a multiple of 4, `distance` bytes apart. */
static inline __attribute__((always_inline)) void greatest(const uint8_t *in, size_t distance,
                                                           int count, size_t bytes, uint8_t *out,
                                                           enum oct_type type)
{
    size_t at = 0;
    for (; at + VECTOR <= bytes; at += VECTOR) {
        const uint8_t *from = in + at;
        uint8x16_t most = vld1q_u8(from);
        for (int i = 1; i < count; i++)
            most = greater(most, vld1q_u8(from += distance), type);
        vst1q_u8(out + at, most);
    }
    for (; at < bytes; at += WORD) {
        uint8x16_t most = load_word(in + at);
        for (int i = 1; i < count; i++)
            most = greater(most, load_word(in + at + (size_t)i * distance), type);
        vst1q_lane_u32((uint32_t *)(void *)(out + at), vreinterpretq_u32_u8(most), 0);
    }
}

/* Of each input row that takes part, once. */
static size_t pool_scratch_bytes(const struct oct_pool_job *job)
{
    return (size_t)(job->end_row - job->first) * (size_t)job->width * (size_t)job->channels *
           oct_type_bytes(job->input.type);
}

static inline __attribute__((always_inline)) void max_pool(const struct oct_pool_job *job,
                                                           int row_begin, int row_end,
                                                           uint8_t *maxima, enum oct_type type)
{
    const ptrdiff_t element = (ptrdiff_t)oct_type_bytes(type);
    const ptrdiff_t row = (ptrdiff_t)job->input.row * element;
    const ptrdiff_t pixel = (ptrdiff_t)job->input.pixel * element;
    const size_t bytes = (size_t)job->channels * (size_t)element;
    const size_t line = bytes * (size_t)job->width;
    int ready = job->first; /* rows before it are in `maxima`, as far as they are needed */
    for (int y = row_begin; y < row_end; y++) {
        const struct reach rows = reach_of(job, y, job->end_row);
        uint8_t *out = (uint8_t *)job->output.data + (size_t)y * job->output.row * (size_t)element;
        for (ready = ready > rows.first ? ready : rows.first; ready < rows.first + rows.count;
             ready++) {
            uint8_t *to = maxima + (size_t)(ready - job->first) * line;
            for (int x = 0; x < job->width; x++, to += bytes) {
                const struct reach columns = reach_of(job, x, job->end_column);
                greatest((const uint8_t *)job->input.data + ready * row + columns.first * pixel,
                         (size_t)pixel, columns.count, bytes, to, type);
            }
        }
        const uint8_t *from = maxima + (size_t)(rows.first - job->first) * line;
        for (int x = 0; x < job->width; x++, from += bytes)
            greatest(from, line, rows.count, bytes,
                     out + (size_t)x * job->output.pixel * (size_t)element, type);
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

void oct_fill_pools_neon(struct oct_kernels *kernels)
{
    kernels->pool_scratch_bytes = pool_scratch_bytes;
    kernels->max_pool_u8 = max_pool_u8;
    kernels->max_pool_f32 = max_pool_f32;
    kernels->max_pool_half = max_pool_bf16;
}
