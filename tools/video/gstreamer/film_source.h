/* SPDX-License-Identifier: Apache-2.0 */
/* The pipeline that a film, a camera or a description becomes, up to its frames. */
#ifndef TOOLS_FILM_SOURCE_H
#define TOOLS_FILM_SOURCE_H

#include <gst/gst.h>

#include "video/video.h"

#define FILM_SOURCE_SINK "octet-frames" /* the appsink at the pipeline's end */

/* Frames of these layouts come out of it. */
#define FILM_SOURCE_CAPS "video/x-raw,format={NV12,I420,YUY2,BGR,RGB}"

/* Stays where it is while the pipeline is there. */
struct film_source {
    GstElement *pipeline;  /* the caller's to free, also after a failure; may be NULL then */
    GstElement *tail;      /* what a stream of frames is linked to; NULL: a description */
    gint linked, all_pads; /* atomic: a stream of frames was found; no more streams come */
    guint dead_looks;      /* in a row */
};

/* Makes the pipeline, stopped. FALSE: `message` says why. */
gboolean film_source_make(struct film_source *film, enum video_kind kind, const char *source,
                          char *message);

/* Whether it has looked at all streams, and none is of frames. */
gboolean film_source_lacks_frames(const struct film_source *film);

/* Whether what should take the file apart has given up without a word. To be asked each time when
 * no frame came for a while; says so from the second time on. */
gboolean film_source_is_dead(struct film_source *film);

#endif
