/* SPDX-License-Identifier: Apache-2.0 */
/* Bilinear resizing of 8 bit RGB, bit-exact with OpenCV's cv::resize(INTER_LINEAR): tables and two
 * row functions. Per axis, for target position i: x = (float)((i + 0.5) * source / target - 0.5),
 * s = floor(x), f = x - s, with 11 bit weights rint((1 - f) * 2048) for s and rint(f * 2048) for
 * s + 1. Columns left of the first pixel or right of the last take that pixel alone; rows keep
 * their weights, with s and s + 1 clamped. A column blend is (p * a + q * b) >> 4 of two pixels of
 * a row; a row blend is ((P * a >> 16) + (Q * b >> 16) + 2) >> 2 of two such rows. */
#ifndef OCTET_RUNTIME_IMAGE_RESIZE_H
#define OCTET_RUNTIME_IMAGE_RESIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OCT_RESIZE_BLOCK 16 /* lanes that row functions take at a time */

/* The two source positions that make one target position, and their weights. */
struct oct_tap {
    int32_t first,
        second; /* columns: byte offsets in a source row, the heavier first; rows: rows */
    int16_t first_weight, second_weight; /* 0 to 2048; they add up to 2048, rarely to 1 off it */
};

/* How a source row becomes a row of `columns` target pixels. Lanes are columns * pixel_bytes; the
 * arrays of lanes are rounded up to OCT_RESIZE_BLOCK. */
struct oct_columns {
    int columns, pixel_bytes; /* pixel_bytes is 3, or 4 with a fourth lane of zeros */
    bool regular;             /* all weights add up to 2048, so that `weights` stand for them */
    struct oct_tap *taps;     /* a column */
    int16_t *weights;         /* a lane: -32 * second_weight */
    uint8_t *first, *second;  /* a lane: the pixels that the taps name, gathered; 1 byte more */
};

/* Bytes of the memory that oct_columns_init() divides up, and of one blended row. Both are
 * multiples of 64. */
size_t oct_columns_bytes(int columns);
size_t oct_blended_bytes(int columns);

/* Fills the tables in `memory`, aligned to 64, for rows of `source` pixels. */
void oct_columns_init(struct oct_columns *table, void *memory, int source, int columns,
                      int pixel_bytes);

/* The tap of target row `row`, of `target`. */
struct oct_tap oct_row_tap(int source, int target, int row);

/* Blends the columns of a source row into `blended`, 15 bits a lane. One byte after the row must be
 * readable. */
void oct_resize_columns(const struct oct_columns *table, const uint8_t *source, int16_t *blended);

/* Blends two rows of `count` lanes. */
void oct_resize_rows(const int16_t *first, const int16_t *second, struct oct_tap tap, size_t count,
                     uint8_t *out);

#endif
