/* SPDX-License-Identifier: Apache-2.0 */
/* GStreamer's video frames as octet's. */
#ifndef GSTREAMER_VIDEO_FRAMES_H
#define GSTREAMER_VIDEO_FRAMES_H

#include <gst/video/video.h>

#include <octet/frame.h>

/* The formats of both elements, the cheapest for a camera first. */
#define VIDEO_FORMATS "{ NV12, I420, YUY2, RGB, BGR }"

/* Caps of raw video in these formats, of every size that octet takes. */
#define VIDEO_CAPS                                                                                 \
    "video/x-raw, format = (string) " VIDEO_FORMATS ", width = (int) [ 1, 32767 ], "               \
    "height = (int) [ 1, 32767 ], framerate = (fraction) [ 0, max ]"

/* Gives an element's class a sink and a source of these caps. */
void video_add_pads(GstElementClass *element);

/* Whether octet takes frames of this format and size. */
gboolean video_fits(const GstVideoInfo *info);

/* The mapped frame as octet's, with the matrix and range that its colorimetry says. FALSE where its
 * rows do not run from top to bottom. The planes are GStreamer's. */
gboolean video_frame_take(const GstVideoFrame *video, octet_frame *frame);

#endif
