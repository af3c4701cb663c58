/* SPDX-License-Identifier: Apache-2.0 */
/* Bilinear resizing of 8 bit pixels, bit-exact with OpenCV's cv::resize(INTER_LINEAR), as tables
 * and two row functions. Per axis, for target position i: x = (float)((i + 0.5) * source / target -
 * 0.5), s = floor(x), f = x - s, with 11 bit weights rint((1 - f) * 2048) for s and rint(f * 2048)
 * for s + 1. Columns left of the first pixel or right of the last take that pixel alone; rows keep
 * their weights, with s and s + 1 clamped. */
#ifndef OCTET_RUNTIME_IMAGE_RESIZE_H
#define OCTET_RUNTIME_IMAGE_RESIZE_H

#include <stddef.h>
#include <stdint.h>

/* What one target column or row is made of. */
struct oct_tap {
    int32_t first, second; /* columns: byte offsets in a source row; rows: source rows */
    int16_t first_weight, second_weight; /* sum about 2048 */
};

/* `target` taps for columns of a source row of `source` RGB pixels. */
void oct_column_taps(struct oct_tap *taps, int source, int target);

/* The tap of target row `row`, of `target`. */
struct oct_tap oct_row_tap(int source, int target, int row);

/* Blends two pixels of a source row for each of `columns` target columns: (p * weight + q * weight)
 * >> 4, 15 bits. `blended` takes pixel_bytes (3 or 4) values a column; the fourth is 0. Pixels are
 * loaded 4 bytes at a time, so that one byte after the row must be readable. */
void oct_resize_columns(int16_t *blended, const uint8_t *source, const struct oct_tap *taps,
                        int columns, int pixel_bytes);

/* Blends two rows of `count` values: ((a * a_weight >> 16) + (b * b_weight >> 16) + 2) >> 2. */
void oct_resize_rows(uint8_t *out, const int16_t *a, int a_weight, const int16_t *b, int b_weight,
                     size_t count);

#endif
