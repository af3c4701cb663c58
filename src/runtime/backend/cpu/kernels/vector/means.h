/* SPDX-License-Identifier: Apache-2.0 */
/* Mean pools. Sums of codes are of 16 bits, into which those of 16 x 16 fit. */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_MEANS_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_MEANS_H

#include "runtime/backend/cpu/kernels/vector/values.h"

/* A window's first pixel, from one of its channels on, and the way to the others: bytes. */
struct taps {
    const uint8_t *first;
    ptrdiff_t row, pixel;
};

/* `all`: the zero points of all that is summed up. */
OCT_INLINE v_int mean_steps(v_int sums, v_int all, v_float share, const struct coding *c)
{
    return steps_of(v_mul(v_float_of(v_sub_int(sums, all)), share), c);
}

/* Of four vectors' channels. */
OCT_INLINE void sum_words(const struct taps *t, const int kernel, v_words sums[2])
{
    const uint8_t *row = t->first;
    sums[0] = v_words_of(row);
    sums[1] = v_words_of(row + 2 * OCT_LANES);
    for (int y = 0; y < kernel; y++, row += t->row) {
        const uint8_t *at = y == 0 ? row + t->pixel : row;
        for (int x = y == 0; x < kernel; x++, at += t->pixel) {
            sums[0] = v_add_words(sums[0], v_words_of(at));
            sums[1] = v_add_words(sums[1], v_words_of(at + 2 * OCT_LANES));
        }
    }
}

OCT_INLINE v_int sum_codes(const struct taps *t, const int kernel, const int count)
{
    v_int sums = v_load_codes(t->first, count, 0);
    for (int y = 0; y < kernel; y++)
        for (int x = y == 0; x < kernel; x++)
            sums = v_add_int(sums, v_load_codes(t->first + y * t->row + x * t->pixel, count, 0));
    return sums;
}

/* Of one vector. */
OCT_INLINE void mean_of_vector(const struct taps *t, const int kernel, uint8_t *out, v_int all,
                               v_float share, const struct coding *coding, const int count)
{
    const v_int steps = mean_steps(sum_codes(t, kernel, count), all, share, coding);
    const v_int four[4] = {steps, steps, steps, steps};
    v_store_1(out, v_pack(four, coding->zero_point), 0, count);
}

OCT_INLINE void mean_of_codes(struct taps t, const int kernel, uint8_t *out, int channels,
                              v_int all, v_float share, const struct coding *coding)
{
    int c = 0;
    for (; c + GROUP_LANES <= channels; c += GROUP_LANES, t.first += GROUP_LANES) {
        v_words sums[2];
        v_int steps[4];
        sum_words(&t, kernel, sums);
        OCT_UNROLL
        for (int i = 0; i < 4; i++)
            steps[i] = mean_steps(v_ints_of(sums[i / 2], i % 2), all, share, coding);
        v_store_4(out + c, v_pack(steps, coding->zero_point), GROUP_LANES);
    }
    for (; c + OCT_LANES <= channels; c += OCT_LANES, t.first += OCT_LANES)
        mean_of_vector(&t, kernel, out + c, all, share, coding, OCT_LANES);
    for (; c < channels; c += 4, t.first += 4)
        mean_of_vector(&t, kernel, out + c, all, share, coding, 4);
}

/* Of `vectors` vectors; all but `t` are known where it is called. */
OCT_INLINE void mean_of_values(const struct taps *t, const int kernel, uint8_t *out, v_float share,
                               const enum oct_type type, const int vectors, const int count)
{
    const size_t lanes = OCT_LANES * oct_type_bytes(type);
    const uint8_t *row = t->first;
    v_float sums[4];
    for (int i = 0; i < vectors; i++)
        sums[i] = v_set(0.0f);
    for (int y = 0; y < kernel; y++, row += t->row) {
        const uint8_t *at = row;
        for (int x = 0; x < kernel; x++, at += t->pixel)
            for (int i = 0; i < vectors; i++)
                sums[i] = v_add(sums[i], load_values(at + (size_t)i * lanes, type, NULL, count));
    }
    for (int i = 0; i < vectors; i++)
        store_values(out + (size_t)i * lanes, type, NULL, v_mul(sums[i], share), count);
}

OCT_INLINE void mean_of_pixel(struct taps t, const int kernel, uint8_t *out, int channels,
                              v_float share, const enum oct_type type)
{
    const size_t lanes = OCT_LANES * oct_type_bytes(type), four = 4 * oct_type_bytes(type);
    int c = 0;
    for (; c + GROUP_LANES <= channels; c += GROUP_LANES, t.first += 4 * lanes, out += 4 * lanes)
        mean_of_values(&t, kernel, out, share, type, 4, OCT_LANES);
    for (; c + OCT_LANES <= channels; c += OCT_LANES, t.first += lanes, out += lanes)
        mean_of_values(&t, kernel, out, share, type, 1, OCT_LANES);
    for (; c < channels; c += 4, t.first += four, out += four)
        mean_of_values(&t, kernel, out, share, type, 1, 4);
}

/* `type` is known where it is called, `kernel` where that is worth the code. */
OCT_INLINE void mean_rows(const struct oct_pool_job *job, int row_begin, int row_end,
                          const int kernel, const enum oct_type type)
{
    const struct coding coding = coding_of(&job->output);
    const int32_t zero_points = kernel * kernel * job->input.quantization.zero_point;
    const v_int all = v_broadcast_int(&zero_points);
    const v_float share = v_set(job->share);
    const ptrdiff_t element = (ptrdiff_t)oct_type_bytes(type);
    struct taps taps = {NULL, element * (ptrdiff_t)job->input.row,
                        element * (ptrdiff_t)job->input.pixel};
    for (int y = row_begin; y < row_end; y++)
        for (int x = 0; x < job->width; x++) {
            uint8_t *out =
                (uint8_t *)job->output.data +
                ((size_t)y * job->output.row + (size_t)x * job->output.pixel) * (size_t)element;
            taps.first = (const uint8_t *)job->input.data +
                         (y * job->stride - job->padding) * taps.row +
                         (x * job->stride - job->padding) * taps.pixel;
            if (type == OCT_TYPE_U8)
                mean_of_codes(taps, kernel, out, job->channels, all, share, &coding);
            else
                mean_of_pixel(taps, kernel, out, job->channels, share, type);
        }
}

static void mean_pool(const struct oct_pool_job *job, int row_begin, int row_end, void *scratch)
{
    (void)scratch;
    if (job->input.type == OCT_TYPE_U8 && job->kernel == 2)
        mean_rows(job, row_begin, row_end, 2, OCT_TYPE_U8);
    else if (job->input.type == OCT_TYPE_U8)
        mean_rows(job, row_begin, row_end, job->kernel, OCT_TYPE_U8);
    else if (job->input.type == OCT_TYPE_BF16)
        mean_rows(job, row_begin, row_end, job->kernel, OCT_TYPE_BF16);
#if OCT_F16_STORED
    else if (job->input.type == OCT_TYPE_F16)
        mean_rows(job, row_begin, row_end, job->kernel, OCT_TYPE_F16);
#endif
    else
        mean_rows(job, row_begin, row_end, job->kernel, OCT_TYPE_F32);
}

#endif
