/* SPDX-License-Identifier: Apache-2.0 */
/* Streams through the plug-in's elements: an engine file, pictures as buffers of any format, what
 * octet itself finds in them. The calls fail the running test where something does not work. */
#ifndef OCTET_TESTS_GSTREAMER_STREAM_SUPPORT_H
#define OCTET_TESTS_GSTREAMER_STREAM_SUPPORT_H

#include <gst/check/gstharness.h>
#include <gst/video/video.h>

#include <octet/octet.h>

#define STREAM_RATE 25 /* frames a second of all caps */
#define STREAM_FRAME_TIME (GST_SECOND / STREAM_RATE)
#define STREAM_BOXES_MOST 300

/* A group's set-up and tear-down for cmocka: GStreamer, a context, the bundled detector in INT8 as
 * a session and as a file. */
int stream_set_up(void **state);
int stream_tear_down(void **state);

/* Of the group. */
const char *stream_model(void); /* the file's path */
const char *stream_folder(void);
octet_context *stream_context(void);
const octet_engine *stream_engine(void);

/* Whether GStreamer has an element of this name. */
gboolean stream_has(const char *element);

/* A harness of a pipeline's part with `%s` for the engine file, its bus, and caps of frames. */
GstHarness *stream_open(const char *description, const char *caps);
void stream_close(GstHarness *harness);

/* The bus of the harness' element; messages wait on it. */
GstBus *stream_bus(GstHarness *harness);

/* A bundled picture, scaled to the caps' size and in their format; `number` tells its time. */
GstBuffer *stream_picture(const char *caps, int number);

/* A buffer of a grey frame. */
GstBuffer *stream_grey(const char *caps);

/* The frame as RGB, rows close, which g_free() frees. Chroma is not smoothed. */
guint8 *stream_rgb(GstBuffer *buffer, const char *caps);

/* Pushes and gives what came out; unreferenced by the caller. */
GstBuffer *stream_push(GstHarness *harness, GstBuffer *buffer);

/* Regions of interest in a buffer. */
int stream_regions(GstBuffer *buffer);

/* What octet finds in a buffer of these caps, taken for these; fails unless it is something. */
int stream_direct(GstBuffer *buffer, const char *caps, octet_yuv_matrix matrix,
                  octet_yuv_range range, octet_detection boxes[STREAM_BOXES_MOST]);

/* The same at the smallest input for the frame's shape. */
int stream_direct_rect(GstBuffer *buffer, const char *caps,
                       octet_detection boxes[STREAM_BOXES_MOST]);

/* The buffer's regions are these boxes, to the bit where they say numbers. */
void stream_expect(GstBuffer *buffer, const octet_detection *boxes, int count, int width,
                   int height);

#endif
