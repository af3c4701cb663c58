/* SPDX-License-Identifier: Apache-2.0 */
/* Histograms: how often values came, with lines at limits. */
#ifndef TOOLS_PLOT_HISTOGRAM_H
#define TOOLS_PLOT_HISTOGRAM_H

#include "plot/plot_drawing.h"

/* A line from top to bottom, such as where values are clipped. */
struct plot_limit {
    const char *name;
    double x;
};

struct plot_histogram {
    const char *title, *description, *x_name, *y_name;
    double first, width;  /* where the first bin begins, and what each one spans */
    const double *counts; /* [count], 0 or more */
    size_t count;
    const struct plot_limit *limits;
    size_t limit_count;
    int width_px, height_px; /* 0: PLOT_WIDTH, 300 */
    bool untitled;           /* the title is for those who do not see the chart */
    double headroom;         /* above the highest bar, as a share of it: for the limits' names */
    bool logarithmic;        /* heights are decimal logarithms of 1 + count: rare values show */
};

/* The caller closes `drawing`. */
void plot_histogram_draw(const struct plot_histogram *chart, struct plot_drawing *drawing);

#endif
