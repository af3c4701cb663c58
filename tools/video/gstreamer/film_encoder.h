/* SPDX-License-Identifier: Apache-2.0 */
/* Which of GStreamer's elements write a film of a kind. */
#ifndef TOOLS_FILM_ENCODER_H
#define TOOLS_FILM_ENCODER_H

#include <gst/gst.h>

/* Frames in, a container's bytes out, as parts of a pipeline's description. */
struct encoder {
    const char *element; /* "x264enc" */
    const char *text;    /* what people call it */
    const char *settings;
    const char *live;      /* settings besides, of a camera */
    const char *tail;      /* elements that follow it */
    gboolean needs_parser; /* h264parse follows it */
};

/* The first of those that the container takes and that is there, or NULL: then `install` says what
 * would bring one. */
const struct encoder *encoder_find(const char *ending, const char **install);

/* The element that makes the container, with its settings. */
const char *encoder_container(const char *ending);

#endif
