/* SPDX-License-Identifier: Apache-2.0 */
/* The labels of boxes: their text, and where they find room. */
#ifndef TOOLS_DRAW_LABELS_H
#define TOOLS_DRAW_LABELS_H

#include <octet/octet.h>

#include "draw/canvas.h"
#include "draw/draw_style.h"
#include "draw/label_font.h"

struct label_maker {
    const octet_engine *engine;
    struct label_font *font;
    bool no_scores;
};

/* "person", or the class' number where it has no name. The caller frees it. */
char *label_class_text(const octet_engine *engine, int class_id);

/* Draws all labels; the best one is drawn last. */
void draw_labels(const struct label_maker *maker, const struct canvas *canvas,
                 const struct style *style, const octet_detection *detections, int count);

#endif
