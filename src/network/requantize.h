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
 *
 * GELU, in both its forms, is made alike of other cubics, in segments of 0.33: largest error 6.5e-6
 * (at 0.2), 4.1e-6 beyond 4.785; exactly 0 at 0. The other activations are exact but for one
 * rounding, HardSwish for two.
 */
#ifndef OCTET_NETWORK_REQUANTIZE_H
#define OCTET_NETWORK_REQUANTIZE_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "network/activations.h"
#include "network/gelu_table.h"
#include "network/silu_table.h"

/* Adding 2^23 leaves the sum's integer part in its lowest bits, rounded to nearest even. */
#define OCT_SILU_MAGIC 0x1p+23f
#define OCT_SILU_MAGIC_LAST (0x1p+23f + (OCT_SILU_SEGMENTS - 1))

/* y/2 + g(|y|), g by cubics of `table`, `scale` segments per unit. */
static inline float oct_by_cubics(const float table[4][OCT_SILU_SEGMENTS], float scale, float y)
{
    const float a = fabsf(y);
    float t = fmaf(a, scale, OCT_SILU_MAGIC);
    /* a NaN takes the last segment, and stays a NaN */
    t = t < OCT_SILU_MAGIC_LAST ? t : OCT_SILU_MAGIC_LAST;
    uint32_t bits;
    memcpy(&bits, &t, sizeof bits);
    const uint32_t i = bits & (OCT_SILU_SEGMENTS - 1);
    float g = table[3][i];
    g = fmaf(g, a, table[2][i]);
    g = fmaf(g, a, table[1][i]);
    g = fmaf(g, a, table[0][i]);
    return fmaf(y, 0.5f, g);
}

static inline float oct_silu(float y)
{
    return oct_by_cubics(oct_silu_table, OCT_SILU_SCALE, y);
}

/* As oct_silu(), with one of oct_gelu_tables. */
static inline float oct_gelu(const float table[4][OCT_SILU_SEGMENTS], float y)
{
    return oct_by_cubics(table, OCT_GELU_SCALE, y);
}

/* The table of a GELU; NULL for other activations. */
static inline const float (*oct_gelu_table(enum oct_activation activation))[OCT_SILU_SEGMENTS]
{
    return activation == OCT_ACTIVATION_GELU        ? oct_gelu_tables[0]
           : activation == OCT_ACTIVATION_GELU_TANH ? oct_gelu_tables[1]
                                                    : NULL;
}

/* A NaN becomes 0. */
static inline float oct_leaky_relu(float y, float slope)
{
    return fmaf(y < 0.0f ? y : 0.0f, slope, y > 0.0f ? y : 0.0f);
}

static inline float oct_hardswish(float y)
{
    float gate = fmaf(y, 1.0f / 6.0f, 0.5f);
    gate = gate < 1.0f ? gate : 1.0f;
    gate = gate > 0.0f ? gate : 0.0f;
    return y * gate;
}

static inline float oct_activate(enum oct_activation activation, float slope, float y)
{
    switch (activation) {
    case OCT_ACTIVATION_SILU:
        return oct_silu(y);
    case OCT_ACTIVATION_RELU:
        return y > 0.0f ? y : 0.0f; /* a NaN becomes 0 */
    case OCT_ACTIVATION_LEAKY_RELU:
        return oct_leaky_relu(y, slope);
    case OCT_ACTIVATION_HARDSWISH:
        return oct_hardswish(y);
    case OCT_ACTIVATION_GELU:
    case OCT_ACTIVATION_GELU_TANH:
        return oct_gelu(oct_gelu_table(activation), y);
    case OCT_ACTIVATION_NONE:
    case OCT_ACTIVATION_COUNT:
        break;
    }
    return y;
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
