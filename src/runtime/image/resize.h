/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which pixels bilinear resizing blends, and how much of each, as OpenCV's cv::resize(INTER_LINEAR)
 * does; the kernels (blend.h) do it. Per axis, for target position i:
 *   x = (float)((i + 0.5) * source / target - 0.5), s = floor(x), f = x - s
 * with 11 bit weights rint((1 - f) * 2048) for s and rint(f * 2048) for s + 1. Columns left of the
 * first pixel or right of the last take that pixel alone; rows keep their weights, with s and
 * s + 1 clamped.
 */
#ifndef OCTET_RUNTIME_IMAGE_RESIZE_H
#define OCTET_RUNTIME_IMAGE_RESIZE_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/image/blend.h"

/* The two source rows that make one target row, and their weights. */
struct oct_row_tap {
    int first, second;
    int16_t first_weight, second_weight; /* 0 to 2048; they add up to 2048, rarely to 1 off it */
};

/* Bytes of the memory that oct_columns_init() divides up, and of one blended row. Both are
 * multiples of 64. */
size_t oct_columns_bytes(int columns);
size_t oct_blended_bytes(int columns);

/* Fills the tables in `memory`, aligned to 64, for rows of `source` pixels. */
void oct_columns_init(struct oct_columns *table, void *memory, int source, int columns);

/* The tap of target row `row`, of `target`. */
struct oct_row_tap oct_row_tap(int source, int target, int row);

#endif
