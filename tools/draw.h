/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures with boxes drawn, and their files. */
#ifndef TOOLS_DRAW_H
#define TOOLS_DRAW_H

#include "app.h"

struct drawing {
    const octet_image *image;
    const octet_engine *engine; /* for the names of classes */
    const octet_detection *detections;
    int count;
};

/* Draws boxes with class and score, and writes a PNG where `path` ends in .png, else a JPEG of
 * quality 92. */
int draw_to_file(struct app *app, const struct drawing *drawing, const char *path);

#endif
