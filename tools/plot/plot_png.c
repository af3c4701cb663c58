/* SPDX-License-Identifier: Apache-2.0 */
/* Paints drawings with cairo; words come from the process that owns the fonts. */
#include "plot/plot_png.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/allocate.h"

#define SCALE 2

static void set_ink(cairo_t *cairo, const struct plot_shape *shape)
{
    const uint32_t color = plot_colors_of(shape->ink).light;
    cairo_set_source_rgba(cairo, (color >> 16) / 255.0, (color >> 8 & 255) / 255.0,
                          (color & 255) / 255.0, shape->opacity);
}

static void paint_path(cairo_t *cairo, const struct plot_shape *shape)
{
    static const double dashes[] = {6, 4};
    cairo_new_path(cairo);
    for (size_t i = 0; i < shape->count; i++)
        cairo_line_to(cairo, shape->points[i].x, shape->points[i].y);
    if (shape->kind == PLOT_AREA) {
        cairo_fill(cairo);
        return;
    }
    cairo_set_line_width(cairo, shape->width);
    cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
    cairo_set_dash(cairo, dashes, shape->dashed ? 2 : 0, 0);
    cairo_stroke(cairo);
}

/* The picture of the words is a mask for their colour. It has a line's ascent above the base. */
static void paint_words(cairo_t *cairo, const struct plot_shape *shape, struct label_font *font)
{
    cairo_surface_t *words =
        label_font_render(font, shape->words, shape->width * SCALE, 32767, false);
    const double width = cairo_image_surface_get_width(words);
    const double height = cairo_image_surface_get_height(words);
    const double start = shape->anchor == PLOT_START ? 0 : shape->anchor == PLOT_MIDDLE ? 0.5 : 1;
    cairo_save(cairo);
    cairo_identity_matrix(cairo);
    cairo_mask_surface(cairo, words, rint(shape->points[0].x * SCALE - start * width),
                       rint(shape->points[0].y * SCALE - 0.79 * height));
    cairo_restore(cairo);
    cairo_surface_destroy(words);
}

struct bytes {
    unsigned char *bytes;
    size_t length, capacity;
};

static cairo_status_t write_bytes(void *user, const unsigned char *bytes, unsigned length)
{
    struct bytes *to = user;
    if (to->capacity - to->length < length) {
        to->capacity = 2 * to->capacity + length;
        to->bytes = app_resize(to->bytes, to->capacity, 1);
    }
    memcpy(to->bytes + to->length, bytes, length);
    to->length += length;
    return CAIRO_STATUS_SUCCESS;
}

unsigned char *plot_png(const struct plot_drawing *drawing, struct label_font *font, size_t *length)
{
    struct bytes png = {0};
    cairo_surface_t *surface = cairo_image_surface_create(
        CAIRO_FORMAT_RGB24, drawing->width * SCALE, drawing->height * SCALE);
    cairo_t *cairo = cairo_create(surface);
    cairo_scale(cairo, SCALE, SCALE);
    const struct plot_shape paper = {.ink = PLOT_PAPER, .opacity = 1};
    set_ink(cairo, &paper);
    cairo_paint(cairo);
    for (size_t i = 0; i < drawing->count; i++) {
        const struct plot_shape *shape = &drawing->shapes[i];
        if (shape->count == 0)
            continue;
        set_ink(cairo, shape);
        if (shape->kind == PLOT_WORDS)
            paint_words(cairo, shape, font);
        else
            paint_path(cairo, shape);
    }
    cairo_status_t status = cairo_status(cairo);
    cairo_destroy(cairo);
    if (status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_write_to_png_stream(surface, write_bytes, &png);
    cairo_surface_destroy(surface);
    if (status != CAIRO_STATUS_SUCCESS) {
        free(png.bytes);
        return NULL;
    }
    *length = png.length;
    return png.bytes;
}
