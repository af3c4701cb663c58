/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one definition of what FP32 networks compute beside products and sums, in requantize.h's
 * manner: operations with one IEEE result, in one written order, so that every instruction set
 * gives the same bits. Reference kernels call these functions; SIMD kernels write the same
 * operations on vectors. What is said of errors leaves out the rounding of the argument.
 */
#ifndef OCTET_NETWORK_FLOAT_FUNCTIONS_H
#define OCTET_NETWORK_FLOAT_FUNCTIONS_H

#include <stdint.h>
#include <string.h>

#include "base/fused.h"
#include "network/softmax.h"

/* Between them 2^n below is a normal float. */
#define OCT_EXP_LEAST (-87.0f)
#define OCT_EXP_MOST 88.0f

/* ln(2) in two parts, the first rounded up to the float above. */
#define OCT_LN2_HIGH 0x1.62e430p-1f
#define OCT_LN2_LOW (-0x1.05c610p-29f)

/* 2^n of a = n + OCT_SOFTMAX_MAGIC, n from -126 to 127. */
static inline float oct_power_of_two(float a)
{
    uint32_t bits;
    memcpy(&bits, &a, sizeof bits);
    bits = (bits << 23) + 0x3f800000u;
    memcpy(&a, &bits, sizeof a);
    return a;
}

/* SiLU, y / (1 + exp(-y)), within 3e-7 relative from -88 on: exp as 2^n times a polynomial of
 * degree 6, Taylor's. A NaN stays one; an infinite y is divided as any other. */
static inline float oct_silu_value(float y)
{
    float x = 0.0f - y;
    x = x < OCT_EXP_MOST ? x : OCT_EXP_MOST;
    x = x > OCT_EXP_LEAST ? x : OCT_EXP_LEAST;
    const float a = x * OCT_LOG2_E + OCT_SOFTMAX_MAGIC, n = a - OCT_SOFTMAX_MAGIC;
    const float r = oct_fused(n, -OCT_LN2_LOW, oct_fused(n, -OCT_LN2_HIGH, x));
    float e = oct_fused(1.0f / 720, r, 1.0f / 120);
    e = oct_fused(e, r, 1.0f / 24);
    e = oct_fused(e, r, 1.0f / 6);
    e = oct_fused(e, r, 0.5f);
    e = oct_fused(e, r, 1.0f);
    e = oct_fused(e, r, 1.0f);
    return y / oct_fused(e, oct_power_of_two(a), 1.0f);
}

/* An attention's weights of pixels j, j + 16, j + 32 ... are added up from 0 on, one after another,
 * and then these sums are, from j = 0 on. */
enum { OCT_WEIGHT_SUMS = 16 };

/* Below it 2^n is no normal float. */
#define OCT_WEIGHT_LEAST (-126.0f)

/* 2^r for |r| <= 1/2 within 1.5e-7 relative: coefficients from r^1 on; that of r^0 is 1. */
#define OCT_POWER_C1 0x1.62e42ap-1f
#define OCT_POWER_C2 0x1.ebf9bcp-3f
#define OCT_POWER_C3 0x1.c6b752p-5f
#define OCT_POWER_C4 0x1.3cea88p-7f
#define OCT_POWER_C5 0x1.5bba14p-10f

/* An attention's weight of a score that is `below`, at most 0, the highest one of its query:
 * 2^(below * unit), and the least normal power for what is less, or no number. */
static inline float oct_softmax_value(float below, float unit)
{
    float x = below * unit;
    x = x > OCT_WEIGHT_LEAST ? x : OCT_WEIGHT_LEAST;
    const float a = x + OCT_SOFTMAX_MAGIC, r = x - (a - OCT_SOFTMAX_MAGIC);
    float p = oct_fused(OCT_POWER_C5, r, OCT_POWER_C4);
    p = oct_fused(p, r, OCT_POWER_C3);
    p = oct_fused(p, r, OCT_POWER_C2);
    p = oct_fused(p, r, OCT_POWER_C1);
    p = oct_fused(p, r, 1.0f);
    return p * oct_power_of_two(a);
}

#endif
