/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses sizes and colours. */
#include "draw/draw_style.h"

#include <math.h>
#include <stddef.h>

/* Sizes, in shares of the mean of the picture's sides and pixels at least. */
#define LINE_SHARE 0.0032
#define LINE_LEAST 1.5
#define HALO_SHARE 0.5 /* of the line */
#define FONT_SHARE 0.018
#define FONT_LEAST 11.5
#define FONT_LEAST_SMALL 9 /* in pictures below SMALL_PICTURE */
#define SMALL_PICTURE 256
#define PADDING_SHARE 0.28  /* of the font's size */
#define LUMA_WHITE_MOST 125 /* text is white on colours up to this luma (ITU-R BT.601), of 255 */

/* Bright, and far apart for classes that often stand together. */
static const uint32_t palette[] = {0xff3b30, 0x0a84ff, 0x34c759, 0xff9f0a, 0xbf5af2,
                                   0x64d2ff, 0xffd60a, 0xff5fa2, 0x30d5c8, 0xa2845e,
                                   0x5e5ce6, 0x9be564, 0xff8ad8, 0xb0b7c3, 0x00b894,
                                   0xe17055, 0x8ecae6, 0xd4a5ff, 0xf4a261, 0x2a9d8f};

struct style style_choose(int width, int height, double line_width)
{
    double mean = (width + height) / 2.0;
    struct style style = {.width = width, .height = height};
    style.line = line_width > 0 ? line_width : fmax(LINE_LEAST, mean * LINE_SHARE);
    style.halo = fmax(1, style.line * HALO_SHARE);
    style.font = fmax(mean < SMALL_PICTURE ? FONT_LEAST_SMALL : FONT_LEAST, mean * FONT_SHARE);
    style.padding = style.font * PADDING_SHARE;
    return style;
}

uint32_t style_color(int class_id)
{
    return palette[(size_t)class_id % (sizeof palette / sizeof *palette)];
}

bool style_takes_white_text(int class_id)
{
    uint32_t color = style_color(class_id);
    double luma = 0.299 * (color >> 16 & 255) + 0.587 * (color >> 8 & 255) + 0.114 * (color & 255);
    return luma <= LUMA_WHITE_MOST;
}
