/* SPDX-License-Identifier: Apache-2.0 */
/* Draws histograms. */
#include "plot/plot_histogram.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/allocate.h"
#include "plot/plot_axes.h"

#define HEIGHT 300
#define LEFT 68
#define LEFT_SMALL 40
#define RIGHT 24
#define BOTTOM 62
#define BOTTOM_UNNAMED 30
#define OPACITY 0.85

static double height_of(const struct plot_histogram *chart, double count)
{
    return chart->logarithmic ? log10(1 + count) : count;
}

/* The outline over all bins, down to the axis at both ends. */
static void draw_outline(const struct plot_histogram *chart, const struct plot_axis *x,
                         const struct plot_axis *y, struct plot_drawing *drawing)
{
    struct plot_point *points = app_alloc(2 * chart->count + 2, sizeof *points);
    size_t at = 0;
    points[at++] = (struct plot_point){plot_at(x, chart->first), y->from};
    for (size_t i = 0; i < chart->count; i++) {
        const double from = chart->first + chart->width * (double)i;
        const double up = plot_at(y, height_of(chart, chart->counts[i]));
        points[at++] = (struct plot_point){plot_at(x, from), up};
        points[at++] = (struct plot_point){plot_at(x, from + chart->width), up};
    }
    points[at] = (struct plot_point){points[at - 1].x, y->from};
    plot_area(drawing, PLOT_SERIES, OPACITY, points, at + 1);
    free(points);
}

/* The name stands on that side of its line where there is room. */
static void draw_limit(const struct plot_limit *limit, size_t row, const struct plot_axis *x,
                       const struct plot_axis *y, struct plot_drawing *drawing)
{
    const double at = plot_at(x, limit->x);
    const struct plot_point ends[] = {{at, y->from}, {at, y->to}};
    const bool is_left = at > (x->from + x->to) / 2;
    plot_line(drawing, PLOT_ACCENT, 1.5, true, ends, 2);
    plot_words(drawing, PLOT_ACCENT, PLOT_WORDS_SIZE, is_left ? PLOT_END : PLOT_START,
               (struct plot_point){at + (is_left ? -6 : 6), y->to + 12 + 18 * (double)row},
               limit->name);
}

void plot_histogram_draw(const struct plot_histogram *chart, struct plot_drawing *drawing)
{
    double most = 0, left = chart->first;
    double right = chart->first + chart->width * (double)chart->count;
    for (size_t i = 0; i < chart->count; i++)
        most = fmax(most, height_of(chart, chart->counts[i]));
    for (size_t i = 0; i < chart->limit_count; i++) {
        left = fmin(left, chart->limits[i].x);
        right = fmax(right, chart->limits[i].x);
    }
    const int width = chart->width_px ? chart->width_px : PLOT_WIDTH;
    const int height = chart->height_px ? chart->height_px : HEIGHT;
    const bool is_small = width < PLOT_WIDTH;
    plot_open(drawing, width, height, chart->title, chart->description);
    const double top = plot_head(drawing, NULL, 0, !chart->untitled) + 28;
    struct plot_axis x = {.from = is_small ? LEFT_SMALL : LEFT, .to = width - RIGHT};
    struct plot_axis y = {.from = height - (chart->x_name[0] ? BOTTOM : BOTTOM_UNNAMED), .to = top};
    plot_axis_round(&x, left, right, is_small ? 6 : 8);
    plot_axis_round(&y, 0, most > 0 ? most * (1 + chart->headroom) : 1, is_small ? 3 : 4);
    plot_frame(drawing, &x, &y, chart->x_name, chart->y_name);
    draw_outline(chart, &x, &y, drawing);
    for (size_t i = 0; i < chart->limit_count; i++)
        draw_limit(&chart->limits[i], i, &x, &y, drawing);
}
