/* SPDX-License-Identifier: Apache-2.0 */
/* What charts have in common: title, axes with round numbers, the names of what is shown. */
#ifndef TOOLS_PLOT_AXES_H
#define TOOLS_PLOT_AXES_H

#include "plot/plot_drawing.h"

#define PLOT_WIDTH 720 /* pixels, as all other sizes */
#define PLOT_TITLE_SIZE 17
#define PLOT_WORDS_SIZE 13
#define PLOT_TICKS_MAX 16

/* From values to pixels. */
struct plot_axis {
    double least, most; /* values at its ends */
    double from, to;    /* pixels there */
    bool logarithmic;
    double ticks[PLOT_TICKS_MAX]; /* values that get a number */
    int tick_count;
    int digits; /* after the point */
};

double plot_at(const struct plot_axis *axis, double value);

/* Widens a range to round numbers and sets ticks, about `wanted` (2 to 10) of them. A range of
 * nothing gets some room. */
void plot_axis_round(struct plot_axis *axis, double least, double most, int wanted);

/* A logarithmic axis between the least and the most of `values` (positive, in rising order), with
 * ticks at those that have room. The pixels are set already. */
void plot_axis_values(struct plot_axis *axis, const double *values, size_t count);

/* A tick's number, in a buffer of 32 that it returns. */
#define PLOT_NUMBER_BYTES 32
const char *plot_number(const struct plot_axis *axis, double value, char *text);

/* The title, unless it is not shown, and below it a row of names with their marks; returns where
 * the next thing goes. */
double plot_head(struct plot_drawing *drawing, const char *const *names, size_t count, bool titled);

/* Grid, numbers and the axes' names; `y_name` stands above its axis, `x_name` below. */
void plot_frame(struct plot_drawing *drawing, const struct plot_axis *x, const struct plot_axis *y,
                const char *x_name, const char *y_name);

#endif
