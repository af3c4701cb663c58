/* SPDX-License-Identifier: Apache-2.0 */
/* Drawings as SVG: one element with no scripts and nothing from elsewhere, that stands alone or
 * within an HTML page and follows the reader's choice of light or dark. */
#ifndef TOOLS_PLOT_SVG_H
#define TOOLS_PLOT_SVG_H

#include "plot/plot_drawing.h"

/* UTF-8 text of `*length` bytes, which the caller frees. */
char *plot_svg(const struct plot_drawing *drawing, size_t *length);

/* For a page with many: the element without paper and colours, and the page's style that has the
 * colours. */
char *plot_svg_part(const struct plot_drawing *drawing);
char *plot_svg_style(void);

#endif
