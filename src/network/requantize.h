/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one definition of INT8's float epilogue. Everything here is made of operations with one IEEE
 * result (fma, mul, add, compare-select, integer masks, conversions, table look-up) in one written
 * order, so that every instruction set gives the same bits. Reference kernels call these functions;
 * SIMD kernels write the same operations on vectors.
 *
 * SiLU(y) = y/2 + g(|y|), g(a) = (a/2) tanh(a/2), g by 16 cubics. Segment i holds the a whose
 * a / 0.85 rounds to i; the last one, the line a/2, has no upper end, so that SiLU(y) = y beyond
 * 12.325 and 0 (+0) below -12.325, without clamping y. Neighbours meet. Largest error 5.5e-5
 * (at 12.325), 4.6e-5 below 11.4; exactly 0 at 0; not decreasing for y >= -1.25. An infinite or NaN
 * y gives a NaN.
 */
#ifndef OCTET_NETWORK_REQUANTIZE_H
#define OCTET_NETWORK_REQUANTIZE_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "network/silu_table.h"

/* Adding 2^23 leaves the sum's integer part in its lowest bits, rounded to nearest even. */
#define OCT_SILU_MAGIC 0x1p+23f
#define OCT_SILU_MAGIC_LAST (0x1p+23f + (OCT_SILU_SEGMENTS - 1))

static inline float oct_silu(float y)
{
    const float a = fabsf(y);
    float t = fmaf(a, OCT_SILU_SCALE, OCT_SILU_MAGIC);
    /* a NaN takes the last segment, and stays a NaN */
    t = t < OCT_SILU_MAGIC_LAST ? t : OCT_SILU_MAGIC_LAST;
    uint32_t bits;
    memcpy(&bits, &t, sizeof bits);
    const uint32_t i = bits & (OCT_SILU_SEGMENTS - 1);
    float g = oct_silu_table[3][i];
    g = fmaf(g, a, oct_silu_table[2][i]);
    g = fmaf(g, a, oct_silu_table[1][i]);
    g = fmaf(g, a, oct_silu_table[0][i]);
    return fmaf(y, 0.5f, g);
}

/* clamp(rint(value * inverse_scale) + zero_point, 0, 255), to nearest even; a NaN becomes 255. */
static inline uint8_t oct_requantize(float value, float inverse_scale, int zero_point)
{
    float code = value * inverse_scale;
    const float highest = (float)(255 - zero_point), lowest = (float)-zero_point;
    code = code < highest ? code : highest;
    code = code > lowest ? code : lowest;
    return (uint8_t)((int)rintf(code) + zero_point);
}

/* The mean of as many codes as a window has, padding's zero points included: `sum` is that of codes
 * less zero points, exact; `share` is the input's scale over their number, divided once. */
static inline float oct_mean_of_codes(int sum, float share)
{
    return (float)sum * share;
}

/* The value of a code. */
static inline float oct_dequantize(uint8_t code, float scale, int zero_point)
{
    return (float)(code - zero_point) * scale;
}

#endif
