/* SPDX-License-Identifier: Apache-2.0 */
/* Fills, frames and paints, with smooth edges. */
#include "draw/canvas.h"

#include <math.h>
#include <string.h>

/* The share of the pixel from `at` to `at` + 1 that lies between two edges. */
static double covered(int at, double from, double to)
{
    return fmax(0, fmin(at + 1, to) - fmax(at, from));
}

static int within(double at, int limit)
{
    return (int)fmin(fmax(at, 0), limit);
}

static uint32_t mix(uint32_t below, uint32_t color, double share)
{
    uint32_t mixed = 0;
    for (int shift = 0; shift <= 16; shift += 8) {
        double under = below >> shift & 255, over = color >> shift & 255;
        mixed |= (uint32_t)lround(under + (over - under) * share) << shift;
    }
    return mixed;
}

void canvas_fill(const struct canvas *canvas, const struct rectangle *area, uint32_t color,
                 double opacity)
{
    int left = within(floor(area->x1), canvas->width),
        right = within(ceil(area->x2), canvas->width);
    int top = within(floor(area->y1), canvas->height);
    int bottom = within(ceil(area->y2), canvas->height);
    for (int y = top; y < bottom; y++) {
        unsigned char *row = canvas->data + (size_t)y * (size_t)canvas->stride;
        double share = opacity * covered(y, area->y1, area->y2);
        for (int x = left; x < right; x++) {
            uint32_t pixel;
            memcpy(&pixel, row + 4 * (size_t)x, sizeof pixel);
            pixel = mix(pixel, color, share * covered(x, area->x1, area->x2));
            memcpy(row + 4 * (size_t)x, &pixel, sizeof pixel);
        }
    }
}

void canvas_frame(const struct canvas *canvas, const struct rectangle *box, double width,
                  uint32_t color, double opacity)
{
    const double half = width / 2;
    const struct rectangle outer = {box->x1 - half, box->y1 - half, box->x2 + half, box->y2 + half};
    /* The inner edges; of boxes thinner than the line they meet in the middle. */
    const double x1 = fmin(box->x1 + half, (box->x1 + box->x2) / 2), x2 = box->x1 + box->x2 - x1;
    const double y1 = fmin(box->y1 + half, (box->y1 + box->y2) / 2), y2 = box->y1 + box->y2 - y1;
    const struct rectangle sides[] = {{outer.x1, outer.y1, outer.x2, y1},
                                      {outer.x1, y2, outer.x2, outer.y2},
                                      {outer.x1, y1, x1, y2},
                                      {x2, y1, outer.x2, y2}};
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++)
        canvas_fill(canvas, &sides[i], color, opacity);
}

void canvas_paint(const struct canvas *canvas, cairo_surface_t *surface, int left, int top)
{
    int width = cairo_image_surface_get_width(surface);
    int height = cairo_image_surface_get_height(surface);
    const unsigned char *data = cairo_image_surface_get_data(surface);
    size_t stride = (size_t)cairo_image_surface_get_stride(surface);
    for (int y = within(-top, height); data && y < height && top + y < canvas->height; y++) {
        unsigned char *row = canvas->data + (size_t)(top + y) * (size_t)canvas->stride;
        for (int x = within(-left, width); x < width && left + x < canvas->width; x++) {
            uint32_t over, below, mixed = 0;
            memcpy(&over, data + (size_t)y * stride + 4 * (size_t)x, sizeof over);
            memcpy(&below, row + 4 * (size_t)(left + x), sizeof below);
            const uint32_t clear = 255 - (over >> 24); /* `over` is multiplied by its opacity */
            for (int shift = 0; shift <= 16; shift += 8) {
                uint32_t under = (below >> shift & 255) * clear;
                uint32_t sum = (over >> shift & 255) + (under + 127) / 255;
                mixed |= (sum < 255 ? sum : 255) << shift;
            }
            memcpy(row + 4 * (size_t)(left + x), &mixed, sizeof mixed);
        }
    }
}
