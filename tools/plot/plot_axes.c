/* SPDX-License-Identifier: Apache-2.0 */
/* Axes with round numbers, and what stands around a chart. */
#include "plot/plot_axes.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define EDGE 16           /* left and right of the title and names */
#define LINE_HEIGHT 20    /* of the names' rows */
#define TICK_ROOM 44      /* between numbers of an axis whose values are given, at least */
#define NUMBER_DISTANCE 8 /* of an axis' number from it */

double plot_at(const struct plot_axis *axis, double value)
{
    const double share = axis->logarithmic
                             ? log(value / axis->least) / log(axis->most / axis->least)
                             : (value - axis->least) / (axis->most - axis->least);
    return axis->from + share * (axis->to - axis->from);
}

/* The least of 1, 2, 5 times a power of ten that is not below `step`; its digits behind the
 * point. */
static double round_step(double step, int *digits)
{
    const double power = pow(10, floor(log10(step)));
    const double of = step / power;
    const double rounded = of <= 1.0001 ? 1 : of <= 2.0001 ? 2 : of <= 5.0001 ? 5 : 10;
    const int places = -(int)floor(log10(rounded * power) + 1e-9);
    *digits = places > 0 ? places : 0;
    return rounded * power;
}

void plot_axis_round(struct plot_axis *axis, double least, double most, int wanted)
{
    const double size = fmax(fabs(least), fabs(most));
    if (!(most - least > size * 1e-6)) {
        const double room = size > 0 ? size * 0.01 : 1;
        least -= room;
        most += room;
    }
    const double step = round_step((most - least) / wanted, &axis->digits);
    const double first = floor(least / step + 1e-6), last = ceil(most / step - 1e-6);
    axis->least = first * step;
    axis->most = last * step;
    axis->logarithmic = false;
    axis->tick_count = 0;
    for (double i = first; i <= last + 0.5 && axis->tick_count < PLOT_TICKS_MAX; i++)
        axis->ticks[axis->tick_count++] = i * step;
}

void plot_axis_values(struct plot_axis *axis, const double *values, size_t count)
{
    axis->least = values[0];
    axis->most = values[count - 1];
    axis->logarithmic = true;
    axis->digits = 0;
    axis->tick_count = 0;
    if (!(axis->most > axis->least)) {
        axis->least /= 2;
        axis->most *= 2;
    }
    double last = -INFINITY;
    for (size_t i = 0; i < count && axis->tick_count < PLOT_TICKS_MAX; i++) {
        const double at = plot_at(axis, values[i]);
        if (at - last < TICK_ROOM)
            continue;
        axis->ticks[axis->tick_count++] = values[i];
        last = at;
    }
}

const char *plot_number(const struct plot_axis *axis, double value, char *text)
{
    const bool is_large = fabs(value) >= 1e6 || (value != 0 && fabs(value) < 1e-4);
    if (is_large)
        snprintf(text, PLOT_NUMBER_BYTES, "%.3g", value);
    else
        snprintf(text, PLOT_NUMBER_BYTES, "%.*f", axis->digits, value);
    const bool is_zero = text[0] == '-' && strspn(text + 1, "0.") == strlen(text + 1);
    return is_zero ? text + 1 : text;
}

double plot_head(struct plot_drawing *drawing, const char *const *names, size_t count, bool titled)
{
    double x = EDGE, y = titled ? 52 : 20;
    if (titled)
        plot_words(drawing, PLOT_TEXT, PLOT_TITLE_SIZE, PLOT_START, (struct plot_point){EDGE, 28},
                   drawing->title);
    for (size_t i = 0; i < count; i++) {
        const double width = plot_words_width(names[i], PLOT_WORDS_SIZE) + 36;
        if (x > EDGE && x + width > drawing->width - EDGE) {
            x = EDGE;
            y += LINE_HEIGHT;
        }
        plot_mark(drawing, i, (struct plot_point){x + 5, y - 4.5});
        plot_words(drawing, PLOT_TEXT, PLOT_WORDS_SIZE, PLOT_START, (struct plot_point){x + 15, y},
                   names[i]);
        x += width;
    }
    return count ? y + LINE_HEIGHT : titled ? y - 4 : 0;
}

static void draw_line(struct plot_drawing *drawing, int ink, double x1, double y1, double x2,
                      double y2)
{
    const struct plot_point ends[] = {{x1, y1}, {x2, y2}};
    plot_line(drawing, ink, 1, false, ends, 2);
}

void plot_frame(struct plot_drawing *drawing, const struct plot_axis *x, const struct plot_axis *y,
                const char *x_name, const char *y_name)
{
    char text[PLOT_NUMBER_BYTES];
    for (int i = 0; i < y->tick_count; i++) {
        const double at = plot_at(y, y->ticks[i]);
        draw_line(drawing, PLOT_GRID, x->from, at, x->to, at);
        plot_words(drawing, PLOT_MUTED, PLOT_WORDS_SIZE, PLOT_END,
                   (struct plot_point){x->from - NUMBER_DISTANCE, at + 4.5},
                   plot_number(y, y->ticks[i], text));
    }
    for (int i = 0; i < x->tick_count; i++) {
        const double at = plot_at(x, x->ticks[i]);
        draw_line(drawing, PLOT_GRID, at, y->from, at, y->from + 5);
        plot_words(drawing, PLOT_MUTED, PLOT_WORDS_SIZE, PLOT_MIDDLE,
                   (struct plot_point){at, y->from + 21}, plot_number(x, x->ticks[i], text));
    }
    draw_line(drawing, PLOT_MUTED, x->from, y->from, x->to, y->from);
    plot_words(drawing, PLOT_MUTED, PLOT_WORDS_SIZE, PLOT_START,
               (struct plot_point){EDGE, y->to - 12}, y_name);
    plot_words(drawing, PLOT_MUTED, PLOT_WORDS_SIZE, PLOT_MIDDLE,
               (struct plot_point){(x->from + x->to) / 2, y->from + 44}, x_name);
}
