/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/resize.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

#define WEIGHT_ONE 2048 /* 11 bits */

/* Positions are worked out in double and rounded to float, as OpenCV does, so that weights agree.
 */
static struct oct_tap tap_of(int source, int target, int i)
{
    double scale = 1.0 / ((double)target / source);
    float x = (float)((i + 0.5) * scale - 0.5);
    float floor_x = floorf(x);
    float f = x - floor_x;
    int s = (int)floor_x;
    return (struct oct_tap){s, s + 1, (int16_t)lrintf((1.0f - f) * WEIGHT_ONE),
                            (int16_t)lrintf(f * WEIGHT_ONE)};
}

static int clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

struct oct_tap oct_row_tap(int source, int target, int row)
{
    struct oct_tap tap = tap_of(source, target, row);
    tap.first = clamp(tap.first, 0, source - 1);
    tap.second = clamp(tap.second, 0, source - 1);
    return tap;
}

/* Byte offsets for one column, the heavier pixel first. */
static struct oct_tap column_tap(int source, int target, int column)
{
    struct oct_tap tap = tap_of(source, target, column);
    if (tap.first < 0 || tap.first >= source - 1) {
        int edge = 3 * clamp(tap.first, 0, source - 1);
        return (struct oct_tap){edge, edge, WEIGHT_ONE, 0};
    }
    if (tap.first_weight < tap.second_weight)
        return (struct oct_tap){3 * tap.second, 3 * tap.first, tap.second_weight, tap.first_weight};
    return (struct oct_tap){3 * tap.first, 3 * tap.second, tap.first_weight, tap.second_weight};
}

/* Lanes of a row, 4 a column at most, and one block so that reading whole blocks and storing whole
 * pixels stays inside. */
static size_t lanes_max(int columns)
{
    return oct_align(4 * (size_t)columns, OCT_RESIZE_BLOCK) + OCT_RESIZE_BLOCK;
}

static size_t taps_bytes(int columns)
{
    return oct_align((size_t)columns * sizeof(struct oct_tap), OCT_ALIGNMENT);
}

size_t oct_blended_bytes(int columns)
{
    return oct_align(lanes_max(columns) * sizeof(int16_t), OCT_ALIGNMENT);
}

size_t oct_columns_bytes(int columns)
{
    return taps_bytes(columns) + oct_blended_bytes(columns) +
           2 * oct_align(lanes_max(columns), OCT_ALIGNMENT);
}

void oct_columns_init(struct oct_columns *table, void *memory, int source, int columns,
                      int pixel_bytes)
{
    uint8_t *at = memory;
    *table = (struct oct_columns){.columns = columns, .pixel_bytes = pixel_bytes, .regular = true};
    table->taps = (void *)at;
    at += taps_bytes(columns);
    table->weights = (void *)at;
    at += oct_blended_bytes(columns);
    table->first = at;
    table->second = at + oct_align(lanes_max(columns), OCT_ALIGNMENT);
    memset(table->weights, 0, lanes_max(columns) * sizeof(int16_t));
    memset(table->first, 0, lanes_max(columns));
    memset(table->second, 0, lanes_max(columns));
    int16_t *weight = table->weights;
    for (int x = 0; x < columns; x++) {
        const struct oct_tap tap = column_tap(source, columns, x);
        table->taps[x] = tap;
        table->regular &= tap.first_weight + tap.second_weight == WEIGHT_ONE;
        for (int c = 0; c < pixel_bytes; c++)
            *weight++ = (int16_t)(-32 * tap.second_weight);
    }
}

/* Loads and stores four bytes at a time: a pixel and what follows it, which the next pixel
 * overwrites where pixels have 3 bytes. */
static inline void gather(const struct oct_columns *table, const uint8_t *source, int pixel_bytes)
{
    static const uint8_t kept[2][4] = {{255, 255, 255, 255}, {255, 255, 255, 0}};
    uint32_t mask, pixel;
    memcpy(&mask, kept[pixel_bytes == 4], 4);
    uint8_t *restrict first = table->first, *restrict second = table->second;
    for (int x = 0; x < table->columns; x++, first += pixel_bytes, second += pixel_bytes) {
        memcpy(&pixel, source + table->taps[x].first, 4);
        pixel &= mask;
        memcpy(first, &pixel, 4);
        memcpy(&pixel, source + table->taps[x].second, 4);
        pixel &= mask;
        memcpy(second, &pixel, 4);
    }
}

/* The high half of a product, which vector units have an instruction for. */
static inline int16_t high_half(int16_t a, int16_t b)
{
    return (int16_t)(a * b >> 16);
}

/* With a = 2048 - b, (p * a + q * b) >> 4 is 128 p + ((p - q) * -b >> 4), and the product fits
 * the high half of a 16 bit multiplication: (128 (p - q) * -32 b) >> 16. b is at most 1024.
 * Blocks have a fixed number of lanes, so that compilers make vectors of them at -O2 too. */
static inline void blend_block(const uint8_t *restrict first, const uint8_t *restrict second,
                               const int16_t *restrict weights, int16_t *restrict blended)
{
    for (int i = 0; i < OCT_RESIZE_BLOCK; i++) {
        int16_t difference = (int16_t)((first[i] - second[i]) * 128);
        blended[i] = (int16_t)(first[i] * 128 + high_half(difference, weights[i]));
    }
}

static void blend_regular(const struct oct_columns *table, int16_t *blended)
{
    const size_t lanes = (size_t)table->columns * (size_t)table->pixel_bytes;
    for (size_t i = 0; i < lanes; i += OCT_RESIZE_BLOCK)
        blend_block(table->first + i, table->second + i, table->weights + i, blended + i);
}

/* As the definition says, lane by lane. */
static void blend_any(const struct oct_columns *table, int16_t *restrict blended)
{
    const int pixel_bytes = table->pixel_bytes;
    const uint8_t *first = table->first, *second = table->second;
    for (int x = 0; x < table->columns; x++) {
        const struct oct_tap tap = table->taps[x];
        for (int c = 0; c < pixel_bytes; c++)
            *blended++ =
                (int16_t)((*first++ * tap.first_weight + *second++ * tap.second_weight) >> 4);
    }
}

void oct_resize_columns(const struct oct_columns *table, const uint8_t *source, int16_t *blended)
{
    if (table->pixel_bytes == 4)
        gather(table, source, 4);
    else
        gather(table, source, 3);
    if (table->regular)
        blend_regular(table, blended);
    else
        blend_any(table, blended);
}

static inline uint8_t blend_rows(int16_t first, int16_t a, int16_t second, int16_t b)
{
    return (uint8_t)((int16_t)(high_half(first, a) + high_half(second, b) + 2) >> 2);
}

static inline void blend_rows_block(const int16_t *restrict first, int16_t a,
                                    const int16_t *restrict second, int16_t b,
                                    uint8_t *restrict out)
{
    for (int i = 0; i < OCT_RESIZE_BLOCK; i++)
        out[i] = blend_rows(first[i], a, second[i], b);
}

void oct_resize_rows(const int16_t *first, const int16_t *second, struct oct_tap tap, size_t count,
                     uint8_t *out)
{
    const int16_t a = tap.first_weight, b = tap.second_weight;
    size_t i = 0;
    for (; i + OCT_RESIZE_BLOCK <= count; i += OCT_RESIZE_BLOCK)
        blend_rows_block(first + i, a, second + i, b, out + i);
    for (; i < count; i++)
        out[i] = blend_rows(first[i], a, second[i], b);
}
