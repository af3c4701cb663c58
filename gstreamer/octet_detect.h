/* SPDX-License-Identifier: Apache-2.0 */
/* The element octetdetect: its type, and what it knows. */
#ifndef GSTREAMER_OCTET_DETECT_H
#define GSTREAMER_OCTET_DETECT_H

#include <gst/base/gstbasetransform.h>
#include <gst/video/video.h>

#include "stream_detector.h"

#define GST_TYPE_OCTET_DETECT (gst_octet_detect_get_type())
G_DECLARE_FINAL_TYPE(GstOctetDetect, gst_octet_detect, GST, OCTET_DETECT, GstBaseTransform)

/* What the properties say; under the object's lock. */
struct detect_properties {
    gchar *model, *device, *cache;
    gint threads;
    gboolean rect;
    struct detector_selection selection;
    gboolean selection_changed; /* since the detector was told of it */
    guint interval;
    gboolean message, qos;
};

struct _GstOctetDetect {
    GstBaseTransform parent;
    struct detect_properties properties;

    /* Quality of service; under the object's lock. */
    GstClockTime earliest; /* running time: frames up to it come too late */
    gdouble proportion;    /* of the last event */

    /* Of the streaming thread. */
    struct stream_detector *detector;
    GstVideoInfo info;
    guint frames_to_skip; /* until the next one is looked at */
    guint64 processed, dropped;
};

#endif
