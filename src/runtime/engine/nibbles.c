/* SPDX-License-Identifier: Apache-2.0 */
/* Two codes in a byte, and back. */
#include "runtime/engine/nibbles.h"

void oct_pack_nibbles(const int8_t *codes, size_t count, uint8_t *bytes)
{
    for (size_t i = 0; i < count / 2; i++)
        bytes[i] = (uint8_t)((codes[2 * i] & 15) | (codes[2 * i + 1] & 15) << 4);
    if (count % 2)
        bytes[count / 2] = (uint8_t)(codes[count - 1] & 15);
}

/* 0 to 7, and from 8 on as two's complement has it: -8 to -1. */
static inline int8_t code_of(unsigned nibble)
{
    return (int8_t)((int)(nibble ^ 8) - 8);
}

bool oct_unpack_nibbles(const uint8_t *bytes, size_t count, int8_t *codes)
{
    unsigned lost = 0;
    for (size_t i = 0; i < count / 2; i++) {
        codes[2 * i] = code_of(bytes[i] & 15);
        codes[2 * i + 1] = code_of(bytes[i] >> 4);
        lost |= (unsigned)(codes[2 * i] == -8) | (unsigned)(codes[2 * i + 1] == -8);
    }
    if (count % 2) {
        codes[count - 1] = code_of(bytes[count / 2] & 15);
        lost |= (unsigned)(codes[count - 1] == -8) | bytes[count / 2] >> 4;
    }
    return !lost;
}
