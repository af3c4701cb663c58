/* SPDX-License-Identifier: Apache-2.0 */
/* IEEE 754's half precision: 11 bits, up to 65,504, multiples of 2^-24 below 2^-14. */
#ifndef OCTET_BASE_FLOAT16_H
#define OCTET_BASE_FLOAT16_H

#include <stdint.h>
#include <string.h>

#define OCT_F16_MOST 65504.0f

/* To nearest even; what is larger than the largest, infinities too, becomes that; a NaN stays
 * one. */
static inline uint16_t oct_f16_of(float value)
{
#if defined(__aarch64__)
    const float low = value < -OCT_F16_MOST ? -OCT_F16_MOST : value;
    const __fp16 half = (__fp16)(low > OCT_F16_MOST ? OCT_F16_MOST : low);
    uint16_t code;
    memcpy(&code, &half, sizeof code);
    return code;
#else
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    const uint32_t sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u)
        return (uint16_t)(sign | 0x7e00u | (magnitude >> 13 & 0x3ffu));
    if (magnitude >= 0x477fe000u)
        return (uint16_t)(sign | 0x7bffu);
    if (magnitude < 0x38800000u) { /* below 2^-14: a float of 0.5 and more has steps of 2^-24 */
        float small;
        memcpy(&small, &magnitude, sizeof small);
        small += 0.5f;
        memcpy(&bits, &small, sizeof bits);
        return (uint16_t)(sign | (bits - 0x3f000000u));
    }
    const uint32_t rounded = magnitude + 0xfffu + (magnitude >> 13 & 1u);
    return (uint16_t)(sign | (rounded - 0x38000000u) >> 13);
#endif
}

static inline float oct_f16_value(uint16_t code)
{
#if defined(__aarch64__)
    __fp16 half;
    memcpy(&half, &code, sizeof half);
    return (float)half;
#else
    const uint32_t sign = (uint32_t)(code & 0x8000u) << 16, rest = code & 0x7fffu;
    const uint32_t quiet = rest > 0x7c00u ? 0x400000u : 0u;
    const uint32_t bits = sign | rest << 13 | (rest >= 0x7c00u ? 0x7f800000u | quiet : 0u);
    float value;
    memcpy(&value, &bits, sizeof value);
    return rest >= 0x7c00u ? value : value * 0x1p112f; /* the exponent is 112 less */
#endif
}

#endif
