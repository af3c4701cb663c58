/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/resize.h"

#include <math.h>
#include <string.h>

#define WEIGHT_ONE 2048 /* 11 bits */

/* Position and fraction are worked out in double and rounded to float, as OpenCV does, so that
 * weights agree. */
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

void oct_column_taps(struct oct_tap *taps, int source, int target)
{
    for (int i = 0; i < target; i++) {
        struct oct_tap tap = tap_of(source, target, i);
        if (tap.first < 0 || tap.first >= source - 1) {
            int edge = clamp(tap.first, 0, source - 1);
            tap = (struct oct_tap){edge, edge, WEIGHT_ONE, 0};
        }
        tap.first *= 3;
        tap.second *= 3;
        taps[i] = tap;
    }
}

struct oct_tap oct_row_tap(int source, int target, int row)
{
    struct oct_tap tap = tap_of(source, target, row);
    tap.first = clamp(tap.first, 0, source - 1);
    tap.second = clamp(tap.second, 0, source - 1);
    return tap;
}

static inline int16_t blend(const uint8_t *source, struct oct_tap tap, int channel)
{
    return (int16_t)((source[tap.first + channel] * tap.first_weight +
                      source[tap.second + channel] * tap.second_weight) >>
                     4);
}

void oct_resize_columns(int16_t *restrict blended, const uint8_t *restrict source,
                        const struct oct_tap *restrict taps, int columns, int pixel_bytes)
{
    for (int x = 0; x < columns; x++, blended += pixel_bytes) {
        const struct oct_tap tap = taps[x];
        blended[0] = blend(source, tap, 0);
        blended[1] = blend(source, tap, 1);
        blended[2] = blend(source, tap, 2);
        if (pixel_bytes == 4)
            blended[3] = 0;
    }
}

void oct_resize_rows(uint8_t *restrict out, const int16_t *restrict a, int a_weight,
                     const int16_t *restrict b, int b_weight, size_t count)
{
    const int16_t wa = (int16_t)a_weight, wb = (int16_t)b_weight;
    for (size_t i = 0; i < count; i++)
        out[i] = (uint8_t)(((a[i] * wa >> 16) + (b[i] * wb >> 16) + 2) >> 2);
}
