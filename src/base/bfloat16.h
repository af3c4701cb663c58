/* SPDX-License-Identifier: Apache-2.0 */
/* bfloat16: the upper half of a float. Kernels may take what is smaller than the smallest normal
 * float (1.2e-38) for 0. */
#ifndef OCTET_BASE_BFLOAT16_H
#define OCTET_BASE_BFLOAT16_H

#include <stdint.h>
#include <string.h>

/* To nearest even; a NaN stays one. */
static inline uint16_t oct_bf16_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if ((bits & 0x7fffffffu) > 0x7f800000u)
        return (uint16_t)(bits >> 16 | 0x40u);
    return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

static inline float oct_bf16_value(uint16_t code)
{
    const uint32_t bits = (uint32_t)code << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

#endif
