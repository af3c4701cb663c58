/* SPDX-License-Identifier: Apache-2.0 */
/* Rectangles and masks painted into mapped video frames, whatever their format: each of the three
 * components by itself, at the resolution that it has. */
#ifndef GSTREAMER_PAINT_H
#define GSTREAMER_PAINT_H

#include <gst/video/video.h>

/* A colour as the components of a frame: R, G, B or Y, U, V. */
struct paint_color {
    guint8 component[3];
};

/* A picture of shapes alone: 0 is clear, 255 painted over. */
struct paint_mask {
    gint width, height, stride;
    guint8 *coverage;
};

/* 0xRRGGBB in the format and colorimetry of frames. */
struct paint_color paint_color_of(const GstVideoInfo *info, guint32 rgb);

/* Pixels from (x, y) on; what lies outside of the frame is left out. Chroma that pixels share is
 * painted where one of them is. */
void paint_rectangle(GstVideoFrame *frame, const GstVideoRectangle *area,
                     const struct paint_color *color);

/* The sides of a box, `width` pixels thick, from its edges inwards. */
void paint_box(GstVideoFrame *frame, const GstVideoRectangle *box, gint width,
               const struct paint_color *color);

/* Paints the mask's shapes with its left upper corner at (x, y). */
void paint_shapes(GstVideoFrame *frame, gint x, gint y, const struct paint_mask *mask,
                  const struct paint_color *color);

#endif
