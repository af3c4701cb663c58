/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes in a list, and the colours that their inks have. */
#include "plot/plot_drawing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/allocate.h"
#include "app/terminal_text.h"

#define COLUMN_SHARE 0.56 /* of the size of words: a letter's width, on average */
#define MARK_RADIUS 4.0   /* pixels */
#define FULL_TURN 6.283185307179586

/* Series are Okabe and Ito's colours, which people who see few colours can tell apart; on dark
 * paper they are lighter. */
struct plot_colors plot_colors_of(int ink)
{
    static const struct plot_colors colors[PLOT_INKS] = {
        {0xffffff, 0x16191d}, {0x1f2328, 0xe6e9ec}, {0x59636e, 0x9aa4af}, {0xdde1e6, 0x363c44},
        {0xb3261e, 0xff8a80}, {0x0072b2, 0x56b4e9}, {0xd55e00, 0xff9a4d}, {0x009e73, 0x3fd0a4},
        {0xa8518a, 0xe29bc6}, {0x8a6d00, 0xf0e442}, {0x2e8fc9, 0x9fd6f5}, {0xb97a00, 0xe69f00},
        {0x4d4d4d, 0xb8b8b8},
    };
    return colors[ink];
}

int plot_series_ink(size_t index)
{
    return PLOT_SERIES + (int)(index % PLOT_SERIES_COUNT);
}

void plot_open(struct plot_drawing *drawing, int width, int height, const char *title,
               const char *description)
{
    *drawing = (struct plot_drawing){.width = width, .height = height};
    drawing->title = app_strdup(title);
    drawing->description = app_strdup(description);
}

static struct plot_shape *add(struct plot_drawing *drawing, enum plot_kind kind, int ink)
{
    if (drawing->count == drawing->capacity) {
        drawing->capacity = drawing->capacity ? 2 * drawing->capacity : 32;
        drawing->shapes = app_resize(drawing->shapes, drawing->capacity, sizeof *drawing->shapes);
    }
    struct plot_shape *shape = &drawing->shapes[drawing->count++];
    *shape = (struct plot_shape){.kind = kind, .ink = ink, .opacity = 1};
    return shape;
}

static void set_points(struct plot_shape *shape, const struct plot_point *points, size_t count)
{
    shape->points = app_alloc(count ? count : 1, sizeof *shape->points);
    for (size_t i = 0; i < count; i++)
        if (isfinite(points[i].x) && isfinite(points[i].y))
            shape->points[shape->count++] = points[i];
}

void plot_line(struct plot_drawing *drawing, int ink, double width, bool dashed,
               const struct plot_point *points, size_t count)
{
    struct plot_shape *shape = add(drawing, PLOT_LINE, ink);
    shape->width = width;
    shape->dashed = dashed;
    set_points(shape, points, count);
}

void plot_area(struct plot_drawing *drawing, int ink, double opacity,
               const struct plot_point *points, size_t count)
{
    struct plot_shape *shape = add(drawing, PLOT_AREA, ink);
    shape->opacity = opacity;
    set_points(shape, points, count);
}

void plot_rectangle(struct plot_drawing *drawing, int ink, double opacity, struct plot_point from,
                    struct plot_point to)
{
    const struct plot_point corners[] = {from, {to.x, from.y}, to, {from.x, to.y}};
    plot_area(drawing, ink, opacity, corners, 4);
}

void plot_words(struct plot_drawing *drawing, int ink, double size, enum plot_anchor anchor,
                struct plot_point at, const char *words)
{
    if (!words[0])
        return;
    struct plot_shape *shape = add(drawing, PLOT_WORDS, ink);
    shape->width = size;
    shape->anchor = anchor;
    shape->words = app_strdup(words);
    set_points(shape, &at, 1);
}

void plot_mark(struct plot_drawing *drawing, size_t series, struct plot_point at)
{
    static const int corners[] = {16, 4, 3, 5};
    static const double turned[] = {0, 0.125, 0.25, 0.25}; /* turns, of the first corner */
    const size_t shape = series % (sizeof corners / sizeof *corners);
    struct plot_point points[16];
    for (int i = 0; i < corners[shape]; i++) {
        const double angle = FULL_TURN * (turned[shape] + (double)i / corners[shape]);
        points[i] =
            (struct plot_point){at.x + MARK_RADIUS * cos(angle), at.y - MARK_RADIUS * sin(angle)};
    }
    plot_area(drawing, plot_series_ink(series), 1, points, (size_t)corners[shape]);
}

double plot_words_width(const char *words, double size)
{
    return text_columns(words) * size * COLUMN_SHARE;
}

void plot_close(struct plot_drawing *drawing)
{
    for (size_t i = 0; i < drawing->count; i++) {
        free(drawing->shapes[i].points);
        free(drawing->shapes[i].words);
    }
    free(drawing->shapes);
    free(drawing->title);
    free(drawing->description);
    *drawing = (struct plot_drawing){0};
}
