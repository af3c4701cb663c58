/* SPDX-License-Identifier: Apache-2.0 */
/* Winograd's transforms of the input and of the products' sums, a vector of channels at a time
 * (winograd.h): `w_` is a vector of words of the input, 16-bit integers for codes, else floats. */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_WINOGRAD_TRANSFORMS_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_WINOGRAD_TRANSFORMS_H

#include "runtime/backend/cpu/kernels/vector/sums.h"
#include "runtime/backend/cpu/kernels/vector/winograd_places.h"

#if OCT_CODES

typedef v_words w_vector;

OCT_INLINE w_vector w_take(const uint8_t *at)
{
    return v_words_of(at);
}

OCT_INLINE w_vector w_load(const void *at)
{
    return v_load_words(at);
}

OCT_INLINE void w_store(void *at, w_vector a)
{
    v_store_words(at, a);
}

OCT_INLINE w_vector w_add(w_vector a, w_vector b)
{
    return v_add_words(a, b);
}

OCT_INLINE w_vector w_sub(w_vector a, w_vector b)
{
    return v_sub_words(a, b);
}

OCT_INLINE w_vector w_four(w_vector a)
{
    return v_shift_words(a, 2);
}

/* 576 times a sum, modulo 2^32, to its value: multiplied by the inverse of 9 it is 64 times it. */
OCT_INLINE v_float sum_value(v_sum a, v_sum start, v_float scale, v_float bias)
{
    const int ninth = 0x38e38e39;
    const v_sum sum = v_shift_right(v_mul_int(a, ninth), 6);
    return v_fma(v_float_of(v_add_sum(sum, start)), scale, bias);
}

#else

typedef v_float w_vector;

OCT_INLINE w_vector w_take(const uint8_t *at)
{
#if OCT_BF16
    return v_load_bf16((const uint16_t *)(const void *)at, OCT_LANES);
#else
    return v_load((const float *)(const void *)at);
#endif
}

OCT_INLINE w_vector w_load(const void *at)
{
    return v_load_aligned((const float *)at);
}

OCT_INLINE void w_store(void *at, w_vector a)
{
    v_store((float *)at, a);
}

OCT_INLINE w_vector w_add(w_vector a, w_vector b)
{
    return v_add(a, b);
}

OCT_INLINE w_vector w_sub(w_vector a, w_vector b)
{
    return v_sub(a, b);
}

OCT_INLINE w_vector w_four(w_vector a)
{
    return v_mul(a, v_set(4.0f));
}

OCT_INLINE v_float sum_value(v_sum a, v_sum start, v_float scale, v_float bias)
{
    (void)scale;
    (void)bias;
    return v_add_sum(a, start);
}

#endif

#if OCT_HALVES
#include "runtime/backend/cpu/kernels/vector/winograd_halves.h"
#else

OCT_INLINE w_vector w_twice(w_vector a)
{
    return w_add(a, a);
}

OCT_INLINE v_sum v_two_sums(v_sum a)
{
    return v_add_sum(a, a);
}

/* B' d of six vectors. */
static inline __attribute__((always_inline)) void transform_input(const w_vector d[POINTS],
                                                                  w_vector v[POINTS])
{
    const w_vector a = w_sub(d[4], w_four(d[2])), b = w_sub(d[3], w_four(d[1]));
    const w_vector c = w_sub(d[4], d[2]), e = w_twice(w_sub(d[3], d[1]));
    v[0] = w_add(w_four(w_sub(d[0], d[2])), c);
    v[1] = w_add(a, b);
    v[2] = w_sub(a, b);
    v[3] = w_add(c, e);
    v[4] = w_sub(c, e);
    v[5] = w_sub(w_sub(d[5], d[3]), w_twice(e));
}

/* A' m of six vectors. */
static inline __attribute__((always_inline)) void transform_sums(const v_sum m[POINTS],
                                                                 v_sum y[SQUARE])
{
    const v_sum s1 = v_add_sum(m[1], m[2]), d1 = v_sub_sum(m[1], m[2]);
    const v_sum s2 = v_add_sum(m[3], m[4]), d2 = v_sub_sum(m[3], m[4]);
    y[0] = v_add_sum(m[0], v_add_sum(s1, s2));
    y[1] = v_add_sum(d1, v_two_sums(d2));
    y[2] = v_add_sum(s1, v_four_sums(s2));
    y[3] = v_add_sum(v_add_sum(d1, v_two_sums(m[5])), v_eight_sums(d2));
}

#endif

/* Columns of six input pixels: [column][point], for one vector of input channels. */
static void transform_columns(const uint8_t *input, size_t row, size_t pixel, int count,
                              uint8_t *columns)
{
    for (int x = 0; x < count; x++) {
        w_vector d[POINTS], v[POINTS];
        OCT_UNROLL
        for (int y = 0; y < POINTS; y++)
            d[y] = w_take(input + (size_t)y * row);
        transform_input(d, v);
        OCT_UNROLL
        for (int y = 0; y < POINTS; y++)
            w_store((void *)(columns + y * VECTOR_BYTES), v[y]);
        input += pixel;
        columns += POINTS * VECTOR_BYTES;
    }
}

/* One square of six columns: its 36 points. */
static void transform_square(const uint8_t *columns, uint8_t *out, size_t point)
{
    OCT_UNROLL
    for (int y = 0; y < POINTS; y++) {
        w_vector d[POINTS], v[POINTS];
        OCT_UNROLL
        for (int x = 0; x < POINTS; x++)
            d[x] = w_load((const void *)(columns + (x * POINTS + y) * VECTOR_BYTES));
        transform_input(d, v);
        OCT_UNROLL
        for (int x = 0; x < POINTS; x++, out += point)
            w_store((void *)out, v[x]);
        /* or compilers keep the distances to 36 points, more than there are registers */
        __asm__ volatile("" : "+r"(out));
    }
}

/* One vector of channels of one square: values, [row][column][vectors][lanes]. */
static void finish_square(const uint8_t *sums, size_t point, const struct constants *c, int vector,
                          int vectors, uint8_t *values)
{
    v_sum columns[POINTS][SQUARE];
    const v_sum start = v_load_sum_aligned(vector_at(c->start, vector));
    OCT_UNROLL
    for (int x = 0; x < POINTS; x++) {
        v_sum m[POINTS];
        OCT_UNROLL
        for (int y = 0; y < POINTS; y++)
            m[y] = v_load_sum_aligned((const void *)(sums + (size_t)(y * POINTS + x) * point));
        transform_sums(m, columns[x]);
    }
    const v_float scale = OCT_CODES ? v_load(c->scale + vector * OCT_LANES) : v_set(0.0f);
    const v_float bias = OCT_CODES ? v_load(c->bias + vector * OCT_LANES) : v_set(0.0f);
    OCT_UNROLL
    for (int y = 0; y < SQUARE; y++) {
        v_sum m[POINTS], out[SQUARE];
        OCT_UNROLL
        for (int x = 0; x < POINTS; x++)
            m[x] = columns[x][y];
        transform_sums(m, out);
        OCT_UNROLL
        for (int x = 0; x < SQUARE; x++) {
            v_store((float *)vector_at(values, (y * SQUARE + x) * vectors + vector),
                    sum_value(out[x], start, scale, bias));
        }
    }
}

#endif
