/* SPDX-License-Identifier: Apache-2.0 */
/* How boxes and labels look: sizes by the picture, colours by the class. */
#ifndef TOOLS_DRAW_STYLE_H
#define TOOLS_DRAW_STYLE_H

#include <stdbool.h>
#include <stdint.h>

/* Sizes in pixels, from the picture's. */
struct style {
    double line, halo, font, padding;
    int width, height;
};

/* `line_width` 0: by the picture's size. */
struct style style_choose(int width, int height, double line_width);

/* 0xRRGGBB */
uint32_t style_color(int class_id);

/* White on dark colours, black on bright ones. */
bool style_takes_white_text(int class_id);

#endif
