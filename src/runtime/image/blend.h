/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What resizing kernels work on: bilinear resizing of 8 bit RGB, bit-exact with OpenCV's
 * cv::resize(INTER_LINEAR).
 *   A column blend makes a row of 15 bit lanes from a source row, of two neighbouring pixels with
 *   11 bit weights: (p * a + q * b) >> 4.
 *   A row blend makes bytes of two such rows: ((P * a >> 16) + (Q * b >> 16) + 2) >> 2.
 * Blended rows have 4 lanes a pixel, red, green, blue and 0; targets have 3 bytes a pixel, or 4 of
 * which the last is 0. Kernels write the pixels asked for and no byte behind them, and read no byte
 * outside the rows given.
 */
#ifndef OCTET_RUNTIME_IMAGE_BLEND_H
#define OCTET_RUNTIME_IMAGE_BLEND_H

#include <stdint.h>

#include "runtime/image/yuv.h"

#define OCT_BLEND_LANES 4 /* of a pixel in a blended row */

/* How a source row becomes a blended row. Column i blends the pixel at byte offsets[i] of the
 * source row with the one `next` bytes on. */
struct oct_columns {
    int count;
    int inner; /* this many, from the left, have 8 bytes of the source row from their offset on */
    int next;  /* 3; 0 when the source row has one pixel */
    const int32_t *offsets; /* [count], bytes; never falling */
    /* [count][4][2]: of the two pixels, four times over;
     * 0 to 2048, adding up to 2048, rarely to 1 off it */
    const int16_t *weights;
};

/* Two blended rows and what to make of them. */
struct oct_blended_rows {
    const int16_t *first, *second;
    int16_t first_weight, second_weight; /* as in struct oct_columns */
    int columns, pixel_bytes;            /* of the target; pixel_bytes is 3 or 4 */
};

/* Two source rows of 2 * columns pixels, for shrinking by exactly 2 both ways: all weights are
 * 1024, and the arithmetic above comes to (p + q + P + Q + 2) >> 2. */
struct oct_halved_rows {
    const uint8_t *first, *second;
    int columns, pixel_bytes; /* of the target; pixel_bytes is 3 or 4 */
};

/* The kernels themselves, which a backend brings. */
struct oct_resize_kernels {
    void (*blend_columns)(const struct oct_columns *columns, const uint8_t *source,
                          int16_t *blended);
    void (*blend_rows)(const struct oct_blended_rows *rows, uint8_t *out);
    void (*halve_rows)(const struct oct_halved_rows *rows, uint8_t *out);
    void (*widen_pixels)(const uint8_t *rgb, uint8_t *rgb0, int pixels); /* RGB to RGB0 */
    /* Rows of a camera's frame to RGB, 3 bytes a pixel, before they are resized. */
    void (*swap_pixels)(const uint8_t *bgr, uint8_t *rgb, int pixels);
    void (*yuv_pixels)(const struct oct_yuv_row *row, const struct oct_yuv_factors *factors,
                       uint8_t *rgb, int pixels);
};

#endif
