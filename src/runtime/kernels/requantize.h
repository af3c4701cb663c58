/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one definition of INT8's float epilogue. Everything here is made of operations with one IEEE result (fma, mul,
 * add, compare-select, integer shifts, conversions, table look-up) in one written order, so that every instruction
 * set gives the same bits. Reference kernels call these functions; SIMD kernels write the same operations on vectors.
 *
 * SiLU(y) = y/2 + g(|y|), g(a) = (a/2) tanh(a/2), g by 16 cubic polynomials on segments of width 3/4:
 *   a = min(|y|, OCT_SILU_LIMIT); i = low 4 bits of the float bits of fma(a, 4/3, 2^23 - 0.5) (round to nearest even);
 *   g = fma(fma(fma(c3[i], a, c2[i]), a, c1[i]), a, c0[i]); silu = fma(y, 0.5, g) where a was not clamped.
 */
#ifndef OCTET_RUNTIME_KERNELS_REQUANTIZE_H
#define OCTET_RUNTIME_KERNELS_REQUANTIZE_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* clamp(rint(value * inverse_scale) + zero_point, 0, 255), to nearest even; a NaN becomes 255. */
static inline uint8_t oct_requantize(float value, float inverse_scale, int zero_point)
{
    float code = value * inverse_scale;
    const float highest = (float)(255 - zero_point), lowest = (float)-zero_point;
    code = code < highest ? code : highest;
    code = code > lowest ? code : lowest;
    return (uint8_t)((int)rintf(code) + zero_point);
}

#endif
