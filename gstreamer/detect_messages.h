/* SPDX-License-Identifier: Apache-2.0 */
/* What octetdetect tells the pipeline, and what it is told of frames that come too late. */
#ifndef GSTREAMER_DETECT_MESSAGES_H
#define GSTREAMER_DETECT_MESSAGES_H

#include "octet_detect.h"

/* Posts an error: octet's line, and what octet calls such a failure. */
void detect_post_error(GstOctetDetect *self, octet_status status, const gchar *message);

/* Posts what was found in a frame. */
void detect_post_boxes(GstOctetDetect *self, const GstBuffer *buffer, const octet_detection *found,
                       int count);

/* Takes what downstream says of frames that come too late. */
void detect_take_qos(GstOctetDetect *self, GstEvent *event);
void detect_reset_qos(GstOctetDetect *self);

/* Whether a frame comes too late to be looked at; if so, counts it and posts that. */
gboolean detect_is_late(GstOctetDetect *self, const GstBuffer *buffer);

#endif
