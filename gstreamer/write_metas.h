/* SPDX-License-Identifier: Apache-2.0 */
/* Detections as what other elements read: metas of a buffer, and messages on the bus. */
#ifndef GSTREAMER_WRITE_METAS_H
#define GSTREAMER_WRITE_METAS_H

#include <gst/video/video.h>

#include <octet/session.h>

/* The structure beside each region of interest. Its fields: class-id (gint), label (gchararray),
 * confidence (gdouble, 0 to 1) and the box's edges as shares of the frame, which scaling leaves
 * true: x-min, y-min, x-max, y-max (gdouble). */
#define DETECTION_STRUCTURE "octet/detection"

/* One box, and what it is called. */
struct labelled_box {
    const octet_detection *detection;
    const gchar *label;
};

/* The box in whole pixels, inside of the frame, at least one in each direction. */
GstVideoRectangle box_pixels(const octet_detection *detection, const GstVideoInfo *info);

/* The structure, which the caller owns. */
GstStructure *box_structure(const struct labelled_box *box, const GstVideoInfo *info);

/* Adds a region of interest to a writable buffer, and with GStreamer 1.24 or newer an object
 * detection to its GstAnalyticsRelationMeta. */
void write_box(GstBuffer *buffer, const struct labelled_box *box, const GstVideoInfo *info);

#endif
