/* SPDX-License-Identifier: Apache-2.0 */
/* What GStreamer says went wrong, as one line. */
#ifndef TOOLS_BUS_ERROR_H
#define TOOLS_BUS_ERROR_H

#include <gst/gst.h>

/* Starts GStreamer, once; its own chatter is not printed. False: `message` says why. */
gboolean gstreamer_start(char *message);

/* Fills a buffer of VIDEO_MESSAGE_BYTES; line ends become blanks. */
void message_set(char *message, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* What came on a pipeline's bus, kept from look to look. */
struct bus_report {
    GstBus *bus;         /* owned */
    gchar *missing;      /* what GStreamer has no element for, or NULL */
    gboolean is_cut_off; /* a server's connection broke */
};

/* Looks through what came since the last time: TRUE where an error did, which is put into
 * `message`. Errors of elements in `tolerated`, unless NULL, are passed over. */
gboolean bus_report_error(struct bus_report *report, GstObject *tolerated, char *message);

/* Accepts a zeroed one. */
void bus_report_clear(struct bus_report *report);

#define UNREADABLE_FILM "cannot be read as a film: it is damaged or cut short"
#define CONNECTION_LOST "the connection to it was lost"

/* Why an error came, in words for people. */
void message_of_error(GstMessage *error, const char *missing, char *message);

#endif
