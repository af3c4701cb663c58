/* SPDX-License-Identifier: Apache-2.0 */
/* Rectangles and pictures of text onto a picture's pixels. Done here: cairo's own paths crash where
 * memory is short, and nothing here takes any. */
#ifndef TOOLS_CANVAS_H
#define TOOLS_CANVAS_H

#include <stdint.h>

#include <cairo.h>

/* A CAIRO_FORMAT_RGB24 surface. Coordinates are pixels, corners of pixels being whole numbers; what
 * lies outside is not drawn. */
struct canvas {
    unsigned char *data;
    int width, height, stride;
};

struct rectangle {
    double x1, y1, x2, y2;
};

/* Fills with 0xRRGGBB; `opacity` is 0 to 1. Edges within pixels are smooth. */
void canvas_fill(const struct canvas *canvas, const struct rectangle *area, uint32_t color,
                 double opacity);

/* Draws the sides of `box`, `width` pixels thick and with their middle on its edges. */
void canvas_frame(const struct canvas *canvas, const struct rectangle *box, double width,
                  uint32_t color, double opacity);

/* Draws a CAIRO_FORMAT_ARGB32 surface with its left upper corner at (left, top). */
void canvas_paint(const struct canvas *canvas, cairo_surface_t *surface, int left, int top);

#endif
