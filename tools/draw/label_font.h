/* SPDX-License-Identifier: Apache-2.0 */
/* Text for pictures, in the system's fonts: one for each script, as the system has them. Font
 * libraries crash where memory is short or a font file is broken, so they run in a process of their
 * own (label_process.h); where that fails, and where there are no fonts, a plain built-in one
 * serves, which has ASCII only. */
#ifndef TOOLS_LABEL_FONT_H
#define TOOLS_LABEL_FONT_H

#include <cairo.h>

#include "app/app.h"

struct label_font;

/* Starts the process; before any thread is started. */
struct label_font *label_font_start(struct app *app);

/* Finds and opens the fonts for these texts, so that what is missing is said before long work: no
 * font at all, or none with some of the letters. */
void label_font_try(struct label_font *font, const char *const *text, size_t count);

/* A picture of UTF-8 text on nothing, black or white, in letters of `size` pixels; without its
 * middle where it is wider than `width_most`. The caller destroys it. */
cairo_surface_t *label_font_render(struct label_font *font, const char *text, double size,
                                   double width_most, bool white);

/* Accepts a pointer to NULL. */
void label_font_close(struct label_font **font);

#endif
