/* SPDX-License-Identifier: Apache-2.0 */
/* Regions of interest drawn as boxes with labels. */
#ifndef GSTREAMER_DRAW_REGIONS_H
#define GSTREAMER_DRAW_REGIONS_H

#include <gst/video/video.h>

struct drawing_properties {
    gboolean labels, scores;
    gint line_width, font_size; /* pixels; 0: by the frame's size */
};

struct region_drawer;

/* For frames as `info` says, which must stay. */
struct region_drawer *region_drawer_new(const GstVideoInfo *info);

/* Draws all regions of the frame's buffer, the first ones on top, labels above all boxes. */
void draw_regions(struct region_drawer *drawer, const struct drawing_properties *properties,
                  GstVideoFrame *frame);

/* Accepts a pointer to NULL. */
void region_drawer_free(struct region_drawer **drawer);

#endif
