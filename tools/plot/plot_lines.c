/* SPDX-License-Identifier: Apache-2.0 */
/* Draws line charts. */
#include "plot/plot_lines.h"

#include <math.h>
#include <stdlib.h>

#include "app/allocate.h"
#include "plot/plot_axes.h"

#define HEIGHT 420
#define LEFT 68
#define LEFT_SMALL 52
#define RIGHT 24
#define BOTTOM 62
#define BAND_OPACITY 0.16
#define LINE_WIDTH 2.25
#define MARK_ROOM 8   /* between two marks of a line whose points lie close together */
#define NOTE_BELOW 17 /* its base line, of a note's point */
#define NOTE_ABOVE 9
#define NOTE_ROOM 24 /* between two notes, else the second one stands above its point */
#define ROW_HEIGHT 19

static int compare_numbers(const void *a, const void *b)
{
    const double *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

/* Every x of all series, once each, in rising order. */
static double *all_x(const struct plot_lines *chart, size_t *count)
{
    size_t total = 0;
    for (size_t i = 0; i < chart->series_count; i++)
        total += chart->series[i].count;
    double *x = app_alloc(total + 1, sizeof *x);
    total = 0;
    for (size_t i = 0; i < chart->series_count; i++)
        for (size_t k = 0; k < chart->series[i].count; k++)
            x[total++] = chart->series[i].x[k];
    if (total)
        qsort(x, total, sizeof *x, compare_numbers);
    else
        x[total++] = 1;
    *count = 0;
    for (size_t i = 0; i < total; i++)
        if (i == 0 || x[i] > x[*count - 1])
            x[(*count)++] = x[i];
    return x;
}

static void include(double value, double *least, double *most)
{
    if (!isfinite(value))
        return;
    *least = fmin(*least, value);
    *most = fmax(*most, value);
}

static void range_y(const struct plot_lines *chart, double *least, double *most)
{
    *least = chart->from_zero ? 0 : INFINITY;
    *most = chart->from_zero ? 0 : -INFINITY;
    for (size_t i = 0; i < chart->series_count; i++) {
        const struct plot_series *series = &chart->series[i];
        for (size_t k = 0; k < series->count; k++) {
            include(series->y[k], least, most);
            include(series->low ? series->low[k] : NAN, least, most);
            include(series->high ? series->high[k] : NAN, least, most);
        }
    }
    for (size_t i = 0; i < chart->level_count; i++)
        include(chart->levels[i].y, least, most);
    if (!(*most >= *least))
        *least = *most = 0;
}

/* Forth along the upper side, back along the lower one. */
static void draw_band(const struct plot_series *series, int ink, const struct plot_axis *x,
                      const struct plot_axis *y, struct plot_drawing *drawing)
{
    const size_t count = series->count;
    if (!series->low || !series->high || count < 2)
        return;
    struct plot_point *points = app_alloc(2 * count, sizeof *points);
    for (size_t i = 0; i < count; i++) {
        const double at = plot_at(x, series->x[i]);
        points[i] = (struct plot_point){at, plot_at(y, series->high[i])};
        points[2 * count - 1 - i] = (struct plot_point){at, plot_at(y, series->low[i])};
    }
    plot_area(drawing, ink, BAND_OPACITY, points, 2 * count);
    free(points);
}

static void draw_series(const struct plot_series *series, size_t index, bool marked,
                        const struct plot_axis *x, const struct plot_axis *y,
                        struct plot_drawing *drawing)
{
    struct plot_point *points = app_alloc(series->count + 1, sizeof *points);
    for (size_t i = 0; i < series->count; i++)
        points[i] = (struct plot_point){plot_at(x, series->x[i]), plot_at(y, series->y[i])};
    plot_line(drawing, plot_series_ink(index), LINE_WIDTH, false, points, series->count);
    double last = -INFINITY;
    for (size_t i = 0; i < series->count && marked; i++) {
        if (!isfinite(points[i].y) || points[i].x - last < MARK_ROOM)
            continue;
        plot_mark(drawing, index, points[i]);
        last = points[i].x;
    }
    free(points);
}

static void draw_level(const struct plot_level *level, const struct plot_axis *x,
                       const struct plot_axis *y, struct plot_drawing *drawing)
{
    const double at = plot_at(y, level->y);
    const struct plot_point ends[] = {{x->from, at}, {x->to, at}};
    plot_line(drawing, PLOT_TEXT, 1.25, true, ends, 2);
    plot_words(drawing, PLOT_TEXT, PLOT_WORDS_SIZE, PLOT_END, (struct plot_point){x->to, at - 6},
               level->name);
}

static bool has_near(const struct plot_lines *chart, size_t note, const struct plot_axis *x)
{
    for (size_t i = 0; i < note; i++)
        if (fabs(plot_at(x, chart->notes[i].x) - plot_at(x, chart->notes[note].x)) < NOTE_ROOM)
            return true;
    return false;
}

/* Notes, and the rows below a chart that is so high without them. */
static void draw_words(const struct plot_lines *chart, const struct plot_axis *x,
                       const struct plot_axis *y, int height, struct plot_drawing *drawing)
{
    for (size_t i = 0; i < chart->note_count; i++) {
        const struct plot_note *note = &chart->notes[i];
        const double down = has_near(chart, i, x) ? -NOTE_ABOVE : NOTE_BELOW;
        plot_words(drawing, PLOT_TEXT, PLOT_WORDS_SIZE, PLOT_MIDDLE,
                   (struct plot_point){plot_at(x, note->x), plot_at(y, note->y) + down},
                   note->text);
    }
    for (size_t i = 0; i < chart->row_count; i++)
        plot_words(drawing, PLOT_MUTED, PLOT_WORDS_SIZE, PLOT_START,
                   (struct plot_point){x->from, height + 8 + ROW_HEIGHT * (double)i},
                   chart->rows[i]);
}

void plot_lines_draw(const struct plot_lines *chart, struct plot_drawing *drawing)
{
    size_t count;
    double *values = all_x(chart, &count), least, most;
    const char **names = app_alloc(chart->series_count + 1, sizeof *names);
    for (size_t i = 0; i < chart->series_count; i++)
        names[i] = chart->series[i].name;
    const int width = chart->width ? chart->width : PLOT_WIDTH;
    const int height = chart->height ? chart->height : HEIGHT;
    plot_open(drawing, width, height + ROW_HEIGHT * (int)chart->row_count, chart->title,
              chart->description);
    const double top = plot_head(drawing, names, chart->series_count, !chart->untitled) + 28;
    struct plot_axis x = {.from = width < PLOT_WIDTH ? LEFT_SMALL : LEFT, .to = width - RIGHT};
    struct plot_axis y = {.from = height - BOTTOM, .to = top};
    if (chart->counted)
        plot_axis_round(&x, values[0], values[count - 1], width < PLOT_WIDTH ? 5 : 8);
    else
        plot_axis_values(&x, values, count);
    range_y(chart, &least, &most);
    plot_axis_round(&y, least, most, 5);
    plot_frame(drawing, &x, &y, chart->x_name, chart->y_name);
    for (size_t i = 0; i < chart->series_count; i++)
        draw_band(&chart->series[i], plot_series_ink(i), &x, &y, drawing);
    for (size_t i = 0; i < chart->level_count; i++)
        draw_level(&chart->levels[i], &x, &y, drawing);
    for (size_t i = 0; i < chart->series_count; i++)
        draw_series(&chart->series[i], i, !chart->counted || chart->marked, &x, &y, drawing);
    draw_words(chart, &x, &y, height, drawing);
    free(names);
    free(values);
}
