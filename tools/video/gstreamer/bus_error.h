/* SPDX-License-Identifier: Apache-2.0 */
/* What GStreamer says went wrong, as one line. */
#ifndef TOOLS_BUS_ERROR_H
#define TOOLS_BUS_ERROR_H

#include <gst/gst.h>

/* Starts GStreamer, once; its own chatter is not printed. False: `message` says why. */
gboolean gstreamer_start(char *message);

/* Fills a buffer of VIDEO_MESSAGE_BYTES; line ends become blanks. */
void message_set(char *message, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Looks through what came on the bus: TRUE where an error did, which is put into `message`. Errors
 * of elements in `tolerated`, unless NULL, are passed over. */
gboolean message_find_error(GstBus *bus, GstObject *tolerated, char *message);

/* Why an error came, in words for people. */
void message_of_error(GstMessage *error, const char *missing, char *message);

#endif
