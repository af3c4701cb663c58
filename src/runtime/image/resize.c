/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of taps and weights for bilinear resizing. */
#include "runtime/image/resize.h"

#include <math.h>

#include "base/memory.h"

#define WEIGHT_ONE 2048 /* 11 bits */

static int clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

/* Positions are worked out in double and rounded to float,
 * as OpenCV does, so that weights agree. */
static struct oct_row_tap tap_of(int source, int target, int i)
{
    const double scale = 1.0 / ((double)target / source);
    const float x = (float)((i + 0.5) * scale - 0.5);
    const int s = x < 0.0f ? -1 : (int)x; /* floor: x is at least -0.5 */
    const float f = x - (float)s;
    return (struct oct_row_tap){s, s + 1, (int16_t)lrintf((1.0f - f) * WEIGHT_ONE),
                                (int16_t)lrintf(f * WEIGHT_ONE)};
}

struct oct_row_tap oct_row_tap(int source, int target, int row)
{
    struct oct_row_tap tap = tap_of(source, target, row);
    tap.first = clamp(tap.first, 0, source - 1);
    tap.second = clamp(tap.second, 0, source - 1);
    return tap;
}

/* The left one of two neighbours that a row of `source` pixels has, wherever that is possible. */
static struct oct_row_tap column_tap(int source, int target, int column)
{
    struct oct_row_tap tap = tap_of(source, target, column);
    if (tap.first < 0 || source == 1)
        return (struct oct_row_tap){0, 0, WEIGHT_ONE, 0};
    if (tap.first >= source - 1)
        return (struct oct_row_tap){source - 2, source - 1, 0, WEIGHT_ONE};
    return tap;
}

static size_t offsets_bytes(int columns)
{
    return oct_align((size_t)columns * sizeof(int32_t), OCT_ALIGNMENT);
}

size_t oct_blended_bytes(int columns)
{
    return oct_align((size_t)columns * OCT_BLEND_LANES * sizeof(int16_t), OCT_ALIGNMENT);
}

size_t oct_columns_bytes(int columns)
{
    return offsets_bytes(columns) + 2 * oct_blended_bytes(columns);
}

void oct_columns_init(struct oct_columns *table, void *memory, int source, int columns)
{
    int32_t *offsets = memory;
    int16_t *weights = (void *)((char *)memory + offsets_bytes(columns));
    *table = (struct oct_columns){
        .count = columns, .next = source > 1 ? 3 : 0, .offsets = offsets, .weights = weights};
    for (int x = 0; x < columns; x++) {
        const struct oct_row_tap tap = column_tap(source, columns, x);
        offsets[x] = 3 * tap.first;
        table->inner += offsets[x] + 8 <= 3 * source;
        for (int lane = 0; lane < OCT_BLEND_LANES; lane++) {
            *weights++ = tap.first_weight;
            *weights++ = tap.second_weight;
        }
    }
}
