/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one definition of INT8's softmax, in requantize.h's manner: operations with one IEEE result,
 * in one written order, so that every instruction set gives the same bits.
 *
 * A query's scores are exact int32 sums. Each becomes a weight of 12 bits, OCT_SOFTMAX_ONE for the
 * highest score of the query and less for those below; weights are added up exactly, and what they
 * weigh is divided by their sum at the end. So the error of a weight is 1/8190 of the largest
 * one's, whatever the number of pixels that share a probability of 1. 2^r is a polynomial of degree
 * 4, within 2.9e-6 relative.
 */
#ifndef OCTET_NETWORK_SOFTMAX_H
#define OCTET_NETWORK_SOFTMAX_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#define OCT_SOFTMAX_ONE 4095

/* Pixels whose weights times |code - zero point| an int32 holds. Where there are more, sums of as
 * many are added as floats, in order. */
#define OCT_SOFTMAX_BLOCK 2048

/* Below it 2^x is no weight any more. */
#define OCT_SOFTMAX_LEAST (-16.0f)

/* Adding it leaves the sum's integer part in its lowest bits, rounded to nearest even. */
#define OCT_SOFTMAX_MAGIC 0x1.8p+23f

#define OCT_LOG2_E 0x1.715476p+0f

/* OCT_SOFTMAX_ONE * 2^r for |r| <= 1/2: coefficients from r^0 on. */
#define OCT_SOFTMAX_C0 4095.0f
#define OCT_SOFTMAX_C1 0x1.62cafep+11f
#define OCT_SOFTMAX_C2 0x1.ebe4b8p+9f
#define OCT_SOFTMAX_C3 0x1.c9dfa6p+7f
#define OCT_SOFTMAX_C4 0x1.39ef2cp+5f

/* What a unit of a score is in powers of 2: of q's and k's scales and an attention's factor. */
static inline float oct_softmax_unit(float query_scale, float key_scale, float factor)
{
    return query_scale * key_scale * factor * OCT_LOG2_E;
}

/* The weight of a score that is `below`, at most 0, the highest one of its query. */
static inline int32_t oct_softmax_weight(int32_t below, float unit)
{
    float x = (float)below * unit;
    x = x > OCT_SOFTMAX_LEAST ? x : OCT_SOFTMAX_LEAST;
    const float n = x + OCT_SOFTMAX_MAGIC;
    const float r = x - (n - OCT_SOFTMAX_MAGIC);
    float p = fmaf(OCT_SOFTMAX_C4, r, OCT_SOFTMAX_C3);
    p = fmaf(p, r, OCT_SOFTMAX_C2);
    p = fmaf(p, r, OCT_SOFTMAX_C1);
    p = fmaf(p, r, OCT_SOFTMAX_C0);
    uint32_t bits;
    float power;
    memcpy(&bits, &n, sizeof bits);
    bits = (bits << 23) + 0x3f800000u;
    memcpy(&power, &bits, sizeof power);
    return (int32_t)rintf(p * power);
}

#endif
