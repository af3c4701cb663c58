/* SPDX-License-Identifier: Apache-2.0 */
/* A picture of lines, areas and words, which charts put together and which is then written as SVG
 * or painted. Coordinates are pixels from the left upper corner, y downwards. */
#ifndef TOOLS_PLOT_DRAWING_H
#define TOOLS_PLOT_DRAWING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a shape is drawn for; the colour that has depends on light and dark. */
enum plot_ink {
    PLOT_PAPER,
    PLOT_TEXT,
    PLOT_MUTED,  /* axes' numbers */
    PLOT_GRID,   /* lines behind what is shown */
    PLOT_ACCENT, /* marks that matter: limits */
    PLOT_SERIES  /* the first one of PLOT_SERIES_COUNT */
};
#define PLOT_SERIES_COUNT 8
#define PLOT_INKS ((int)PLOT_SERIES + PLOT_SERIES_COUNT)

/* The colours of an ink, 0xRRGGBB. */
struct plot_colors {
    uint32_t light, dark;
};
struct plot_colors plot_colors_of(int ink);

/* The ink of series `index`; colours come again where there are many. */
int plot_series_ink(size_t index);

struct plot_point {
    double x, y;
};

enum plot_kind { PLOT_LINE, PLOT_AREA, PLOT_WORDS };
enum plot_anchor { PLOT_START, PLOT_MIDDLE, PLOT_END };

struct plot_shape {
    enum plot_kind kind;
    int ink;
    double width;   /* of a line; the size of words */
    double opacity; /* of an area */
    bool dashed;
    struct plot_point *points; /* of words one: on their base line */
    size_t count;
    char *words;
    enum plot_anchor anchor;
};

struct plot_drawing {
    int width, height;
    char *title, *description; /* for those who do not see it */
    struct plot_shape *shapes; /* later ones lie on top */
    size_t count, capacity;
};

/* A blank sheet. Texts are copied, here and below. */
void plot_open(struct plot_drawing *drawing, int width, int height, const char *title,
               const char *description);

/* A line through the points, or what they enclose. Points that are not finite are left out. */
void plot_line(struct plot_drawing *drawing, int ink, double width, bool dashed,
               const struct plot_point *points, size_t count);
void plot_area(struct plot_drawing *drawing, int ink, double opacity,
               const struct plot_point *points, size_t count);
void plot_rectangle(struct plot_drawing *drawing, int ink, double opacity, struct plot_point from,
                    struct plot_point to);

/* Words of `size` pixels. */
void plot_words(struct plot_drawing *drawing, int ink, double size, enum plot_anchor anchor,
                struct plot_point at, const char *words);

/* A small mark of a series, whose shape differs as well as its colour. */
void plot_mark(struct plot_drawing *drawing, size_t series, struct plot_point at);

/* About as wide as words of that size will be, whatever the font. */
double plot_words_width(const char *words, double size);

/* Accepts a zeroed struct. */
void plot_close(struct plot_drawing *drawing);

#endif
