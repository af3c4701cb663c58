/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks at weights BLOCK at a time: of a loop whose length they know compilers make vectors without
 * being told to. A block's codes add up to no more than 16 bits hold.
 */
#include "network/scan_weights.h"

#include <string.h>

enum { BLOCK = 64 };

/* Infinite, or no number: all bits of the exponent are set. */
#define EXPONENT 0x7f800000u
#define EXPONENT_BF16 (EXPONENT >> 16)

static inline bool block_is_finite(const float *values, size_t count)
{
    uint32_t lost = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        lost |= (uint32_t)((bits & EXPONENT) == EXPONENT);
    }
    return !lost;
}

bool oct_all_finite(const float *values, size_t count)
{
    for (; count >= BLOCK; count -= BLOCK, values += BLOCK)
        if (!block_is_finite(values, BLOCK))
            return false;
    return block_is_finite(values, count);
}

static inline bool block_is_finite_bf16(const uint16_t *bf16, size_t count)
{
    uint16_t lost = 0;
    for (size_t i = 0; i < count; i++)
        lost |= (uint16_t)((bf16[i] & EXPONENT_BF16) == EXPONENT_BF16);
    return !lost;
}

bool oct_all_finite_bf16(const uint16_t *bf16, size_t count)
{
    for (; count >= BLOCK; count -= BLOCK, bf16 += BLOCK)
        if (!block_is_finite_bf16(bf16, BLOCK))
            return false;
    return block_is_finite_bf16(bf16, count);
}

static inline int8_t lowest_of_block(const int8_t *codes, size_t count, int8_t lowest)
{
    for (size_t i = 0; i < count; i++)
        lowest = codes[i] < lowest ? codes[i] : lowest;
    return lowest;
}

int8_t oct_lowest_code(const int8_t *codes, size_t count)
{
    int8_t lowest = INT8_MAX;
    for (; count >= BLOCK; count -= BLOCK, codes += BLOCK)
        lowest = lowest_of_block(codes, BLOCK, lowest);
    return lowest_of_block(codes, count, lowest);
}

static inline int8_t widest_of_block(const int8_t *codes, size_t count, int8_t widest)
{
    for (size_t i = 0; i < count; i++) {
        const int8_t magnitude = (int8_t)(codes[i] < 0 ? ~codes[i] : codes[i] - 1);
        widest = magnitude > widest ? magnitude : widest;
    }
    return widest;
}

/* In a block by magnitudes less 1, which bytes hold. */
int oct_largest_magnitude(const int8_t *codes, size_t count)
{
    int8_t widest = -1;
    for (; count >= BLOCK; count -= BLOCK, codes += BLOCK)
        widest = widest_of_block(codes, BLOCK, widest);
    return widest_of_block(codes, count, widest) + 1;
}

static inline void add_block(const int8_t *codes, size_t count, struct oct_code_sums *sums)
{
    int16_t sum = 0, magnitude = 0;
    for (size_t i = 0; i < count; i++) {
        sum = (int16_t)(sum + codes[i]);
        magnitude = (int16_t)(magnitude + (codes[i] < 0 ? -codes[i] : codes[i]));
    }
    sums->sum += sum;
    sums->magnitude += magnitude;
}

struct oct_code_sums oct_sum_codes(const int8_t *codes, size_t count)
{
    struct oct_code_sums sums = {0, 0};
    for (; count >= BLOCK; count -= BLOCK, codes += BLOCK)
        add_block(codes, BLOCK, &sums);
    add_block(codes, count, &sums);
    return sums;
}
