/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exp, log and the logistic function with the same bits on every machine: double precision
 * operations with one IEEE result each, in one order (the build forbids contraction), never the C
 * library's, whose last bits differ by processor.
 */
#ifndef OCTET_BASE_EXPONENTIAL_H
#define OCTET_BASE_EXPONENTIAL_H

#include <stdint.h>
#include <string.h>

/* e^x within 1e-13 relative for x in [-700, 700]; x is clamped to that; a NaN is taken as -700. */
static inline double oct_exp(double x)
{
    x = x > -700.0 ? x : -700.0;
    x = x < 700.0 ? x : 700.0;
    /* 1.5 * 2^52: adding it rounds to an integer, to nearest even */
    const double shift = 6755399441055744.0;
    const double n = (x * 1.4426950408889634 + shift) - shift;
    /* |r| <= ln(2) / 2 */
    const double r = (x - n * 0.69314718036912382) - n * 1.9082149292705877e-10;
    double p = 1.0 / 39916800.0; /* Taylor, degree 11 */
    p = p * r + 1.0 / 3628800.0;
    p = p * r + 1.0 / 362880.0;
    p = p * r + 1.0 / 40320.0;
    p = p * r + 1.0 / 5040.0;
    p = p * r + 1.0 / 720.0;
    p = p * r + 1.0 / 120.0;
    p = p * r + 1.0 / 24.0;
    p = p * r + 1.0 / 6.0;
    p = p * r + 0.5;
    p = p * r + 1.0;
    p = p * r + 1.0;
    const uint64_t bits = (uint64_t)((int64_t)n + 1023) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

/* The natural logarithm of a normal x > 0, within 5e-16 relative: of x = 2^n m, m from
 * sqrt(1/2) to sqrt(2), as n ln(2) + 2 artanh((m - 1) / (m + 1)). */
static inline double oct_logarithm(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    /* as many steps up as sqrt(1/2) lies below the next power of two: its exponent is then m's */
    const uint64_t half = UINT64_C(0x3fe6a09e667f3bcd);
    const int64_t n = (int64_t)(bits - half) >> 52;
    bits -= (uint64_t)n << 52;
    double m;
    memcpy(&m, &bits, sizeof m);
    const double s = (m - 1.0) / (m + 1.0), t = s * s;
    double p = 1.0 / 23.0;
    for (int k = 21; k >= 3; k -= 2)
        p = p * t + 1.0 / k;
    return (double)n * 0.69314718055994529 + (2.0 * s + 2.0 * s * (t * p));
}

static inline float oct_sigmoid(float x)
{
    return (float)(1.0 / (1.0 + oct_exp(-(double)x)));
}

#endif
