/* SPDX-License-Identifier: Apache-2.0 */
/* Draws bar charts. */
#include "plot/plot_bars.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/allocate.h"
#include "app/terminal_text.h"
#include "plot/plot_axes.h"

#define PIXELS_OF_A_COLUMN 21 /* of the chart's width: names take a third at most */
#define NAME_COLUMNS_LEAST 12
#define RIGHT 32
#define RIGHT_NUMBERED 64
#define BOTTOM 62
#define BAR_HEIGHT 14.0
#define BAR_ALONE_HEIGHT 16.0
#define BETWEEN 8.0 /* of the bars of two names */

static char *short_name(const char *name, int width)
{
    const int columns = width / PIXELS_OF_A_COLUMN;
    char *text = app_alloc(strlen(name) + 4, 1);
    strcpy(text, name);
    text_shorten(text, columns < NAME_COLUMNS_LEAST ? NAME_COLUMNS_LEAST : columns);
    return text;
}

static double widest(char *const *names, size_t count)
{
    double most = 0;
    for (size_t i = 0; i < count; i++)
        most = fmax(most, plot_words_width(names[i], PLOT_WORDS_SIZE));
    return most;
}

static void range_x(const struct plot_bars *chart, double *least, double *most)
{
    *least = *most = 0;
    for (size_t g = 0; g < chart->group_count; g++)
        for (size_t i = 0; i < chart->count; i++) {
            const double value = chart->groups[g].values[i];
            if (isfinite(value)) {
                *least = fmin(*least, value);
                *most = fmax(*most, value);
            }
        }
}

/* Lines up and down, with their numbers below. */
static void draw_grid(const struct plot_bars *chart, const struct plot_axis *x, double top,
                      double bottom, struct plot_drawing *drawing)
{
    char text[PLOT_NUMBER_BYTES];
    for (int i = 0; i < x->tick_count; i++) {
        const double at = plot_at(x, x->ticks[i]);
        const struct plot_point ends[] = {{at, top}, {at, bottom}};
        plot_line(drawing, PLOT_GRID, 1, false, ends, 2);
        plot_words(drawing, PLOT_MUTED, PLOT_WORDS_SIZE, PLOT_MIDDLE,
                   (struct plot_point){at, bottom + 18}, plot_number(x, x->ticks[i], text));
    }
    plot_words(drawing, PLOT_MUTED, PLOT_WORDS_SIZE, PLOT_MIDDLE,
               (struct plot_point){(x->from + x->to) / 2, bottom + 42}, chart->x_name);
}

static void draw_number(const struct plot_bars *chart, double value, struct plot_point at,
                        struct plot_drawing *drawing)
{
    char text[PLOT_NUMBER_BYTES];
    snprintf(text, sizeof text, "%.*f", chart->digits, value);
    plot_words(drawing, PLOT_TEXT, PLOT_WORDS_SIZE, PLOT_START, at, text);
}

static void draw_bars(const struct plot_bars *chart, char *const *names, const struct plot_axis *x,
                      double top, double height, struct plot_drawing *drawing)
{
    const double step = height * (double)chart->group_count + BETWEEN;
    for (size_t i = 0; i < chart->count; i++) {
        const double from = top + step * (double)i + BETWEEN / 2;
        plot_words(drawing, PLOT_TEXT, PLOT_WORDS_SIZE, PLOT_END,
                   (struct plot_point){x->from - 8, from + (step - BETWEEN) / 2 + 4.5}, names[i]);
        for (size_t g = 0; g < chart->group_count; g++) {
            const double value = chart->groups[g].values[i], y = from + height * (double)g;
            if (!isfinite(value))
                continue;
            plot_rectangle(drawing, plot_series_ink(g), 1, (struct plot_point){plot_at(x, 0), y},
                           (struct plot_point){plot_at(x, value), y + height - 1});
            if (chart->numbered)
                draw_number(chart, value,
                            (struct plot_point){plot_at(x, value) + 6, y + height - 4}, drawing);
        }
    }
}

void plot_bars_draw(const struct plot_bars *chart, struct plot_drawing *drawing)
{
    const size_t groups = chart->group_count, legend = groups > 1 ? groups : 0;
    const int width = chart->width ? chart->width : PLOT_WIDTH;
    char **names = app_alloc(chart->count + 1, sizeof *names);
    const char **group_names = app_alloc(groups + 1, sizeof *group_names);
    for (size_t i = 0; i < chart->count; i++)
        names[i] = short_name(chart->names[i], width);
    for (size_t i = 0; i < legend; i++)
        group_names[i] = chart->groups[i].name;
    const double height = groups > 1 ? BAR_HEIGHT : BAR_ALONE_HEIGHT;
    plot_open(drawing, width, 0, chart->title, chart->description);
    const double top = plot_head(drawing, group_names, legend, !chart->untitled) + 4;
    const double bottom = top + (height * (double)groups + BETWEEN) * (double)chart->count;
    drawing->height = (int)ceil(bottom) + BOTTOM;
    struct plot_axis x = {.from = widest(names, chart->count) + 24,
                          .to = width - (chart->numbered ? RIGHT_NUMBERED : RIGHT)};
    double least, most;
    range_x(chart, &least, &most);
    plot_axis_round(&x, least, most > least ? most : least + 1, width < PLOT_WIDTH ? 4 : 5);
    draw_grid(chart, &x, top, bottom, drawing);
    draw_bars(chart, names, &x, top, height, drawing);
    const double zero = plot_at(&x, 0);
    const struct plot_point ends[] = {{zero, top}, {zero, bottom}};
    plot_line(drawing, PLOT_MUTED, 1, false, ends, 2);
    for (size_t i = 0; i < chart->count; i++)
        free(names[i]);
    free(names);
    free(group_names);
}
