/* SPDX-License-Identifier: Apache-2.0 */
/* Bar charts: a lying bar for every name, or one of each group beside each other. */
#ifndef TOOLS_PLOT_BARS_H
#define TOOLS_PLOT_BARS_H

#include "plot/plot_drawing.h"

struct plot_bar_group {
    const char *name;     /* where there is more than one group */
    const double *values; /* [count]; one that is not finite has no bar */
};

struct plot_bars {
    const char *title, *description, *x_name;
    const char *const *names; /* [count], from above; long ones lose their middle */
    size_t count;
    const struct plot_bar_group *groups;
    size_t group_count;
    int width;     /* pixels; 0: PLOT_WIDTH */
    bool untitled; /* the title is for those who do not see the chart */
    bool numbered; /* each bar has its value at its end, with `digits` behind the point */
    int digits;
};

/* As high as it needs to be. The caller closes `drawing`. */
void plot_bars_draw(const struct plot_bars *chart, struct plot_drawing *drawing);

#endif
