/* SPDX-License-Identifier: Apache-2.0 */
/* Makes one line of what GStreamer reports. */
#include "video/gstreamer/bus_error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <gst/pbutils/pbutils.h>

#include "video/video.h"

#define INSTALL_DECODERS                                                                           \
    "install gstreamer1.0-plugins-good and gstreamer1.0-libav (else gstreamer1.0-plugins-bad)"

/* Elements of GStreamer warn on the program's standard error, of damaged films above all. */
static void be_silent(const gchar *domain, GLogLevelFlags level, const gchar *text, gpointer data)
{
    (void)domain;
    (void)level;
    (void)text;
    (void)data;
}

static gboolean start(char *message)
{
    GError *error = NULL;
    if (gst_is_initialized())
        return TRUE;
    if (!g_getenv("G_MESSAGES_DEBUG"))
        g_log_set_default_handler(be_silent, NULL);
    if (gst_init_check(NULL, NULL, &error)) {
        gst_pb_utils_init();
        return TRUE;
    }
    message_set(message, "GStreamer does not start: %s", error ? error->message : "no reason told");
    g_clear_error(&error);
    return FALSE;
}

/* GStreamer calls itself initialised before it knows its elements: others wait until it does. */
gboolean gstreamer_start(char *message)
{
    static GMutex mutex;
    g_mutex_lock(&mutex);
    const gboolean has_started = start(message);
    g_mutex_unlock(&mutex);
    return has_started;
}

void message_set(char *message, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, VIDEO_MESSAGE_BYTES, format, arguments);
    va_end(arguments);
    for (char *c = message; *c; c++)
        if (*c == '\n' || *c == '\r' || *c == '\t')
            *c = ' ';
    g_strchomp(message);
}

/* GStreamer's own words, without the full stop. */
static void set_own_words(const GError *error, const char *debug, char *message)
{
    const char *reason = debug ? strrchr(debug, '\n') : NULL; /* what follows where it happened */
    char *words = g_strdup(error->message);
    g_strchomp(words);
    if (g_str_has_suffix(words, "."))
        words[strlen(words) - 1] = '\0';
    if (reason && reason[1] && !strstr(reason, "streaming stopped") && strlen(reason) < 160)
        message_set(message, "%s (%s)", words, reason + 1);
    else
        message_set(message, "%s", words);
    g_free(words);
}

void message_of_error(GstMessage *error_message, const char *missing, char *message)
{
    GError *error = NULL;
    gchar *debug = NULL;
    gst_message_parse_error(error_message, &error, &debug);
    const gboolean is_stream = error->domain == GST_STREAM_ERROR;
    const gboolean is_resource = error->domain == GST_RESOURCE_ERROR;
    if (missing)
        message_set(message, "GStreamer has no %s here: " INSTALL_DECODERS, missing);
    else if (error->domain == GST_CORE_ERROR && error->code == GST_CORE_ERROR_MISSING_PLUGIN)
        message_set(message, "no video in it");
    else if (is_stream && error->code == GST_STREAM_ERROR_CODEC_NOT_FOUND)
        message_set(message, "GStreamer has no decoder for it here: " INSTALL_DECODERS);
    else if (is_stream && error->code == GST_STREAM_ERROR_TYPE_NOT_FOUND)
        message_set(message, "no film: GStreamer does not know what it is");
    else if (is_stream && error->code == GST_STREAM_ERROR_FAILED)
        message_set(message, UNREADABLE_FILM);
    else if (is_resource && error->code == GST_RESOURCE_ERROR_NOT_AUTHORIZED)
        message_set(message, "refused: the user's name or password is wrong or missing");
    else if (is_resource && debug && strstr(debug, "(404)"))
        message_set(message, "not found: the camera has no stream of that name (404)");
    else if (is_resource && debug && strstr(debug, "Timeout while waiting"))
        message_set(message, "does not answer");
    else if (is_resource && debug && strstr(debug, "onnect"))
        message_set(message, "cannot be reached: no connection to it");
    else if (is_resource && error->code == GST_RESOURCE_ERROR_NO_SPACE_LEFT)
        message_set(message, "no space left on the device");
    else
        set_own_words(error, debug, message);
    g_clear_error(&error);
    g_free(debug);
}

static gboolean is_within(GstObject *object, GstObject *bin)
{
    return bin && object && (object == bin || gst_object_has_as_ancestor(object, bin));
}

/* What a film's sound lacks is no matter. */
static void note_missing(GstMessage *found, gchar **missing)
{
    gchar *detail = gst_missing_plugin_message_get_installer_detail(found);
    if (detail && !strstr(detail, "decoder-audio/")) {
        g_free(*missing);
        *missing = gst_missing_plugin_message_get_description(found);
    }
    g_free(detail);
}

/* That of RTSP warns, and then ends the stream as if the camera had. */
static gboolean is_lost_connection(GstMessage *warning)
{
    GError *error = NULL;
    gst_message_parse_warning(warning, &error, NULL);
    const gboolean is_lost =
        error->domain == GST_RESOURCE_ERROR && error->code == GST_RESOURCE_ERROR_READ;
    g_clear_error(&error);
    return is_lost;
}

gboolean bus_report_error(struct bus_report *report, GstObject *tolerated, char *message)
{
    GstMessage *found;
    gboolean failed = FALSE;
    while (!failed &&
           (found = gst_bus_pop_filtered(report->bus, GST_MESSAGE_ERROR | GST_MESSAGE_WARNING |
                                                          GST_MESSAGE_ELEMENT))) {
        if (GST_MESSAGE_TYPE(found) == GST_MESSAGE_ERROR) {
            failed = !is_within(GST_MESSAGE_SRC(found), tolerated);
            if (failed && report->is_cut_off)
                message_set(message, CONNECTION_LOST);
            else if (failed)
                message_of_error(found, report->missing, message);
        } else if (GST_MESSAGE_TYPE(found) == GST_MESSAGE_WARNING) {
            report->is_cut_off = report->is_cut_off || is_lost_connection(found);
        } else if (gst_is_missing_plugin_message(found)) {
            note_missing(found, &report->missing);
        }
        gst_message_unref(found);
    }
    return failed;
}

void bus_report_clear(struct bus_report *report)
{
    gst_clear_object(&report->bus);
    g_free(report->missing);
    *report = (struct bus_report){0};
}
