/* SPDX-License-Identifier: Apache-2.0 */
/* Line charts: values by a number, with bands for how far they scatter. */
#ifndef TOOLS_PLOT_LINES_H
#define TOOLS_PLOT_LINES_H

#include "plot/plot_drawing.h"

struct plot_series {
    const char *name;
    const double *x, *y;      /* x positive, in rising order */
    const double *low, *high; /* the band around y, or NULL; not a number: none there */
    size_t count;
};

/* A dashed line across, to compare with. */
struct plot_level {
    const char *name;
    double y;
};

/* A word below a point, or above it where another one is near. */
struct plot_note {
    const char *text;
    double x, y;
};

struct plot_lines {
    const char *title, *description, *x_name, *y_name;
    const struct plot_series *series;
    size_t series_count;
    const struct plot_level *levels;
    size_t level_count;
    const struct plot_note *notes;
    size_t note_count;
    const char *const *rows; /* words below the chart, a row each */
    size_t row_count;
    bool from_zero;    /* y begins at 0 */
    bool counted;      /* x is linear and may be 0, with round numbers; points have no marks, */
    bool marked;       /* unless they are marked, where there is room */
    bool untitled;     /* the title is for those who do not see the chart */
    int width, height; /* pixels; 0: PLOT_WIDTH, 420 */
};

/* The x axis is logarithmic, with the numbers that the series have, unless they are counted. The
 * caller closes `drawing`. */
void plot_lines_draw(const struct plot_lines *chart, struct plot_drawing *drawing);

#endif
