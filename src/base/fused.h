/* SPDX-License-Identifier: Apache-2.0 */
/*
 * a * b + c rounded once, with the same bits as the C library's fmaf(), for plain C loops: by the
 * processor's instruction where the compiler may use it, else in double precision, which takes a
 * tenth of the time that fmaf() takes where it has no such instruction either.
 *
 * The product of two floats is exact in double precision. Its sum with a third is not: rounded to
 * double and then to float it would be rounded twice. So it is rounded to odd first: of the two
 * doubles beside the exact sum, the one whose last bit is 1. With 29 bits more than a float has,
 * that one rounds to float as the exact sum does.
 */
#ifndef OCTET_BASE_FUSED_H
#define OCTET_BASE_FUSED_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Sums that oct_fused_row() makes at a time. */
enum { OCT_FUSED_ROW = 16 };

#if defined(__FP_FAST_FMAF)

static inline float oct_fused(float a, float b, float c)
{
    return fmaf(a, b, c);
}

static inline void oct_fused_row(float *restrict sums, float value, const float *restrict weights)
{
    for (int i = 0; i < OCT_FUSED_ROW; i++)
        sums[i] = fmaf(value, weights[i], sums[i]);
}

#else

static inline float oct_fused(float a, float b, float c)
{
    const double product = (double)a * (double)b, other = (double)c;
    const double sum = product + other;
    const double part = sum - product; /* two lines of Knuth's: what the sum lacks, exactly */
    const double error = (product - (sum - part)) + (other - part);
    uint64_t bits, error_bits;
    memcpy(&bits, &sum, sizeof bits);
    memcpy(&error_bits, &error, sizeof error_bits);
    /* an infinite sum's error is no number, and neither less nor greater than 0 */
    const uint64_t even = (error < 0.0 || error > 0.0) & ~bits & 1;
    const uint64_t towards_zero = (bits ^ error_bits) >> 63 & even;
    bits += even - 2 * towards_zero;
    double odd;
    memcpy(&odd, &bits, sizeof odd);
    return (float)odd;
}

/* Rounding twice differs from rounding once only where the double lies halfway between two floats:
 * of its last 29 bits the first alone is set. Numbers below 2^-125, of which floats have fewer
 * bits, and zeros count as in doubt, too. One row in some millions is. */
#define OCT_FUSED_LAST_BITS UINT64_C(0x1fffffff)
#define OCT_FUSED_HALFWAY UINT64_C(0x10000000)
#define OCT_FUSED_LEAST UINT64_C(0x3820000000000000) /* 2^-125 */

/* sums[i] = value * weights[i] + sums[i], each rounded once. */
static inline void oct_fused_row(float *restrict sums, float value, const float *restrict weights)
{
    float next[OCT_FUSED_ROW];
    uint64_t doubt = 0; /* its first bit */
    for (int i = 0; i < OCT_FUSED_ROW; i++) {
        const double sum = (double)value * (double)weights[i] + (double)sums[i];
        uint64_t bits;
        memcpy(&bits, &sum, sizeof bits);
        doubt |= ((bits & OCT_FUSED_LAST_BITS) ^ OCT_FUSED_HALFWAY) - 1;
        doubt |= (bits & INT64_MAX) - OCT_FUSED_LEAST;
        next[i] = (float)sum;
    }
    for (int i = 0; i < OCT_FUSED_ROW && doubt >> 63; i++)
        next[i] = oct_fused(value, weights[i], sums[i]);
    memcpy(sums, next, sizeof next);
}

#endif

#endif
