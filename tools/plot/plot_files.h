/* SPDX-License-Identifier: Apache-2.0 */
/* Charts as files. */
#ifndef TOOLS_PLOT_FILES_H
#define TOOLS_PLOT_FILES_H

#include "draw/label_font.h"
#include "plot/plot_drawing.h"

/* Writes FOLDER/NAME.svg and FOLDER/NAME.png. Returns a status. */
int plot_write(struct app *app, const struct plot_drawing *drawing, struct label_font *font,
               const char *folder, const char *name);

#endif
