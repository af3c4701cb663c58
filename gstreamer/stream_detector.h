/* SPDX-License-Identifier: Apache-2.0 */
/* What octetdetect runs: an engine, which elements share, and a session of its own. */
#ifndef GSTREAMER_STREAM_DETECTOR_H
#define GSTREAMER_STREAM_DETECTOR_H

#include <glib.h>

#include <octet/session.h>

struct detector_settings {
    const gchar *model, *device, *cache; /* device and cache may be NULL: octet's defaults */
    gint threads;
    gboolean rect; /* at the smallest input for the shape of frames within the model's own size */
};

/* How boxes are selected. A negative number, or 0 detections: as the model's file says. */
struct detector_selection {
    gdouble confidence, iou;
    gint detections_max;
    gchar *classes; /* see choose_classes(); NULL or "": all */
};

struct stream_detector;

/* Opens all that is needed. On failure `*message` is one line, freed with g_free(). */
octet_status stream_detector_open(const struct detector_settings *settings,
                                  struct stream_detector **detector, gchar **message);

/* From here on boxes are selected so. Fails as stream_detector_open() does, and changes nothing,
 * where a class is unknown. */
octet_status stream_detector_select(struct stream_detector *detector,
                                    const struct detector_selection *selection, gchar **message);

/* The boxes of a frame, best first, which stay until the next call. The first frame of another
 * shape opens a session for it where `rect` was asked for. */
octet_status stream_detector_run(struct stream_detector *detector, const octet_frame *frame,
                                 const octet_detection **found, int *count);

/* One line about the last stream_detector_run() that failed. */
const gchar *stream_detector_message(const struct stream_detector *detector);

/* The name of a class, or its number where it has none. */
const gchar *stream_detector_label(const struct stream_detector *detector, int class_id);

/* Accepts a pointer to NULL. */
void stream_detector_close(struct stream_detector **detector);

#endif
