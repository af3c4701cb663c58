/* SPDX-License-Identifier: Apache-2.0 */
/* Resizing, and frames' rows as RGB, in plain C. */
#include <string.h>

#include "runtime/backend/cpu/kernels/ref/ref.h"

void oct_blend_columns_ref(const struct oct_columns *columns, const uint8_t *source,
                           int16_t *blended)
{
    for (int x = 0; x < columns->count; x++, blended += OCT_BLEND_LANES) {
        const uint8_t *p = source + columns->offsets[x], *q = p + columns->next;
        const int a = columns->weights[8 * x], b = columns->weights[8 * x + 1];
        for (int c = 0; c < 3; c++)
            blended[c] = (int16_t)((p[c] * a + q[c] * b) >> 4);
        blended[3] = 0;
    }
}

static inline uint8_t blend(int first, int a, int second, int b)
{
    return (uint8_t)(((first * a >> 16) + (second * b >> 16) + 2) >> 2);
}

void oct_blend_rows_ref(const struct oct_blended_rows *rows, uint8_t *out)
{
    const int16_t *restrict first = rows->first, *restrict second = rows->second;
    const int a = rows->first_weight, b = rows->second_weight;
    if (rows->pixel_bytes == 4) {
        for (int i = 0; i < OCT_BLEND_LANES * rows->columns; i++)
            out[i] = blend(first[i], a, second[i], b);
        return;
    }
    for (int x = 0; x < rows->columns; x++, first += OCT_BLEND_LANES, second += OCT_BLEND_LANES)
        for (int c = 0; c < 3; c++)
            *out++ = blend(first[c], a, second[c], b);
}

void oct_halve_rows_ref(const struct oct_halved_rows *rows, uint8_t *out)
{
    const uint8_t *first = rows->first, *second = rows->second;
    for (int x = 0; x < rows->columns; x++, first += 6, second += 6, out += rows->pixel_bytes) {
        for (int c = 0; c < 3; c++)
            out[c] = (uint8_t)((first[c] + first[c + 3] + second[c] + second[c + 3] + 2) >> 2);
        if (rows->pixel_bytes == 4)
            out[3] = 0;
    }
}

void oct_widen_pixels_ref(const uint8_t *rgb, uint8_t *rgb0, int pixels)
{
    for (int x = 0; x < pixels; x++, rgb += 3, rgb0 += 4) {
        memcpy(rgb0, rgb, 3);
        rgb0[3] = 0;
    }
}

void oct_swap_pixels_ref(const uint8_t *bgr, uint8_t *rgb, int pixels)
{
    for (int x = 0; x < pixels; x++, bgr += 3, rgb += 3) {
        rgb[0] = bgr[2];
        rgb[1] = bgr[1];
        rgb[2] = bgr[0];
    }
}

void oct_yuv_pixels_ref(const struct oct_yuv_row *row, const struct oct_yuv_factors *factors,
                        uint8_t *rgb, int pixels)
{
    for (int x = 0; x < pixels; x++) {
        const int chroma = x / 2 * row->chroma_step;
        int codes[3];
        oct_yuv_to_rgb(factors, row->y[x * row->y_step], row->u[chroma], row->v[chroma], codes);
        for (int c = 0; c < 3; c++)
            *rgb++ = (uint8_t)codes[c];
    }
}

void oct_blend_columns_rest_ref(const struct oct_columns *columns, int from, const uint8_t *source,
                                int16_t *blended)
{
    struct oct_columns rest = *columns;
    rest.count -= from;
    rest.offsets += from;
    rest.weights += 8 * from;
    oct_blend_columns_ref(&rest, source, blended + OCT_BLEND_LANES * from);
}

void oct_blend_rows_rest_ref(const struct oct_blended_rows *rows, int from, uint8_t *out)
{
    struct oct_blended_rows rest = *rows;
    rest.first += OCT_BLEND_LANES * from;
    rest.second += OCT_BLEND_LANES * from;
    rest.columns -= from;
    oct_blend_rows_ref(&rest, out + from * rows->pixel_bytes);
}

void oct_halve_rows_rest_ref(const struct oct_halved_rows *rows, int from, uint8_t *out)
{
    struct oct_halved_rows rest = *rows;
    rest.first += 6 * from;
    rest.second += 6 * from;
    rest.columns -= from;
    oct_halve_rows_ref(&rest, out + from * rows->pixel_bytes);
}

void oct_yuv_pixels_rest_ref(const struct oct_yuv_row *row, const struct oct_yuv_factors *factors,
                             int from, uint8_t *rgb, int pixels)
{
    const int chroma = from / 2 * row->chroma_step;
    const struct oct_yuv_row rest = {row->y + from * row->y_step, row->u + chroma, row->v + chroma,
                                     row->y_step, row->chroma_step};
    oct_yuv_pixels_ref(&rest, factors, rgb + 3 * from, pixels - from);
}
