/* SPDX-License-Identifier: Apache-2.0 */
/* Drawings as PNG, in the colours of light paper. */
#ifndef TOOLS_PLOT_PNG_H
#define TOOLS_PLOT_PNG_H

#include "draw/label_font.h"
#include "plot/plot_drawing.h"

/* The bytes of a PNG of twice the drawing's size in pixels, so that it is sharp where it is shown
 * large; the caller frees them. NULL where cairo cannot. */
unsigned char *plot_png(const struct plot_drawing *drawing, struct label_font *font,
                        size_t *length);

#endif
