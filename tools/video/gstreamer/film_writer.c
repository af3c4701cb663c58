/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a film by GStreamer: frames encoded, and beside them another film's sound as it is. */
#include "video/gstreamer/film_writer.h"

#include <math.h>
#include <string.h>

#include <gst/app/gstappsrc.h>
#include <gst/video/video.h>

#include "video/gstreamer/bus_error.h"
#include "video/gstreamer/film_encoder.h"
#include "video/gstreamer/film_sound.h"

#define PIXEL_BYTES 4
#define FRAMES_WAITING 4 /* given and not encoded */
#define SLICE_MS 5
#define PATIENCE_MS 20000 /* for an encoder that takes no more frames */
#define FINISH_NS (15 * GST_SECOND)

struct video_writer {
    GstElement *pipeline;
    GstAppSrc *frames;
    struct bus_report bus;
    struct sound *sound;           /* NULL: none */
    int width, height;             /* pixels, even: of the film */
    int frame_width, frame_height; /* of the frames that come now */
    double frame_rate, last_s;
    gboolean has_failed;
};

static GstCaps *frame_caps(const struct video_writer *writer)
{
    gint numerator = 0, denominator = 1;
    if (writer->frame_rate > 0)
        gst_util_double_to_fraction(writer->frame_rate, &numerator, &denominator);
    return gst_caps_new_simple("video/x-raw", "format", G_TYPE_STRING,
                               G_BYTE_ORDER == G_LITTLE_ENDIAN ? "BGRx" : "xRGB", "width",
                               G_TYPE_INT, writer->frame_width, "height", G_TYPE_INT,
                               writer->frame_height, "pixel-aspect-ratio", GST_TYPE_FRACTION, 1, 1,
                               "framerate", GST_TYPE_FRACTION, numerator, denominator, NULL);
}

static gboolean assemble(struct video_writer *writer, const struct video_target *target,
                         const struct encoder *encoder, char *message)
{
    GError *error = NULL;
    gchar *text = g_strdup_printf(
        "appsrc name=frames format=time ! videoconvert ! videoscale add-borders=true ! "
        "video/x-raw,format=I420,width=%d,height=%d,pixel-aspect-ratio=1/1 ! %s %s %s ! %s ! "
        "queue ! %s name=container ! fdsink fd=%d sync=false async=false",
        writer->width, writer->height, encoder->element, encoder->settings,
        target->is_live ? encoder->live : "", encoder->tail, encoder_container(target->ending),
        target->descriptor);
    writer->pipeline = gst_parse_launch_full(text, NULL, GST_PARSE_FLAG_FATAL_ERRORS, &error);
    g_free(text);
    if (error)
        message_set(message, "cannot be written: %s", error->message);
    g_clear_error(&error);
    if (!writer->pipeline)
        return FALSE;
    writer->frames = GST_APP_SRC(gst_bin_get_by_name(GST_BIN(writer->pipeline), "frames"));
    writer->bus.bus = gst_element_get_bus(writer->pipeline);
    GstCaps *caps = frame_caps(writer);
    g_object_set(writer->frames, "caps", caps, "max-bytes", (guint64)0, NULL);
    gst_caps_unref(caps);
    return TRUE;
}

/* Streams that come later than frames get no place in the container. */
static void add_sound(struct video_writer *writer, const struct video_target *target, char *message)
{
    GstElement *container = gst_bin_get_by_name(GST_BIN(writer->pipeline), "container");
    writer->sound = sound_add(writer->pipeline, container, target->sound, message);
    gst_object_unref(container);
}

struct video_writer *writer_begin(const struct video_target *target, char *encoder, char *message)
{
    const char *install;
    message[0] = '\0';
    if (!gstreamer_start(message))
        return NULL;
    const struct encoder *found = encoder_find(target->ending, &install);
    if (!found || target->width < 2 || target->height < 2) {
        message_set(message,
                    found ? "frames of less than 2 x 2 pixels make no film%s"
                          : "GStreamer has no encoder for such a film here: install %s",
                    found ? "" : install);
        return NULL;
    }
    struct video_writer *writer = g_new0(struct video_writer, 1);
    writer->width = writer->frame_width = target->width & ~1;
    writer->height = writer->frame_height = target->height & ~1;
    writer->frame_rate = target->frame_rate;
    writer->last_s = -1;
    g_strlcpy(encoder, found->text, VIDEO_ENCODER_BYTES);
    if (!assemble(writer, target, found, message)) {
        writer_end(writer);
        return NULL;
    }
    if (target->sound)
        add_sound(writer, target, message);
    if (gst_element_set_state(writer->pipeline, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE) {
        if (writer->sound)
            sound_await(writer->sound, message);
        return writer;
    }
    if (!bus_report_error(&writer->bus, NULL, message))
        message_set(message, "cannot be written: GStreamer does not start");
    writer_end(writer);
    return NULL;
}

static gboolean fail(struct video_writer *writer, char *message)
{
    if (writer->has_failed)
        return TRUE;
    GstObject *sound = writer->sound ? sound_elements(writer->sound) : NULL;
    writer->has_failed = bus_report_error(&writer->bus, sound, message);
    return writer->has_failed;
}

/* Until the encoder has taken most of what it was given. */
static gboolean await_room(struct video_writer *writer, char *message)
{
    const guint64 most =
        (guint64)writer->frame_width * (guint64)writer->frame_height * PIXEL_BYTES * FRAMES_WAITING;
    for (int waited_ms = 0; !fail(writer, message); waited_ms += SLICE_MS) {
        if (gst_app_src_get_current_level_bytes(writer->frames) < most)
            return TRUE;
        if (waited_ms >= PATIENCE_MS) {
            message_set(message, "the encoder takes no more frames");
            writer->has_failed = TRUE;
            return FALSE;
        }
        g_usleep(SLICE_MS * 1000);
    }
    return FALSE;
}

static GstBuffer *copy_pixels(const struct video_writer *writer, const struct video_pixels *pixels)
{
    const size_t row = (size_t)writer->frame_width * PIXEL_BYTES;
    guint8 *copy = g_malloc(row * (size_t)writer->frame_height);
    for (int y = 0; y < writer->frame_height; y++)
        memcpy(copy + (size_t)y * row, (const guint8 *)pixels->rows + (size_t)y * pixels->stride,
               row);
    return gst_buffer_new_wrapped(copy, row * (size_t)writer->frame_height);
}

/* Frames that follow have this size. */
static void set_frame_size(struct video_writer *writer, const struct video_pixels *pixels)
{
    const int width = pixels->width & ~1, height = pixels->height & ~1;
    if (width == writer->frame_width && height == writer->frame_height)
        return;
    writer->frame_width = width;
    writer->frame_height = height;
    GstCaps *caps = frame_caps(writer);
    gst_app_src_set_caps(writer->frames, caps);
    gst_caps_unref(caps);
}

bool writer_write(struct video_writer *writer, const struct video_pixels *pixels, double time_s,
                  char *message)
{
    if (pixels->width < 2 || pixels->height < 2)
        return true;
    set_frame_size(writer, pixels);
    if (!await_room(writer, message))
        return false;
    if (!(time_s > writer->last_s)) /* containers ask for rising times */
        time_s = writer->last_s + 1e-3;
    GstBuffer *buffer = copy_pixels(writer, pixels);
    GST_BUFFER_PTS(buffer) = (GstClockTime)llround(time_s * (double)GST_SECOND);
    if (writer->frame_rate > 0)
        GST_BUFFER_DURATION(buffer) =
            (GstClockTime)llround((double)GST_SECOND / writer->frame_rate);
    writer->last_s = time_s;
    if (gst_app_src_push_buffer(writer->frames, buffer) == GST_FLOW_OK)
        return true;
    if (!fail(writer, message))
        message_set(message, "the encoder stopped");
    writer->has_failed = TRUE;
    return false;
}

bool writer_finish(struct video_writer *writer, bool is_whole, char *message)
{
    if (fail(writer, message))
        return false;
    gst_app_src_end_of_stream(writer->frames);
    if (writer->sound && !is_whole)
        sound_stop(writer->sound, writer->last_s);
    const gint64 until = g_get_monotonic_time() + FINISH_NS / 1000;
    while (g_get_monotonic_time() < until) {
        GstMessage *found = gst_bus_timed_pop_filtered(writer->bus.bus, 20 * GST_MSECOND,
                                                       GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
        if (!found)
            continue;
        const gboolean is_end = GST_MESSAGE_TYPE(found) == GST_MESSAGE_EOS;
        GstObject *sound = writer->sound ? sound_elements(writer->sound) : NULL;
        const gboolean counts =
            !sound || !gst_object_has_as_ancestor(GST_MESSAGE_SRC(found), sound);
        if (!is_end && counts)
            message_of_error(found, NULL, message);
        gst_message_unref(found);
        if (is_end || counts) {
            writer->has_failed = !is_end;
            return is_end;
        }
    }
    message_set(message, "the film could not be brought to its end");
    writer->has_failed = TRUE;
    return false;
}

void writer_end(struct video_writer *writer)
{
    if (writer->pipeline)
        gst_element_set_state(writer->pipeline, GST_STATE_NULL);
    if (writer->sound)
        sound_free(writer->sound);
    gst_clear_object(&writer->frames);
    bus_report_clear(&writer->bus);
    gst_clear_object(&writer->pipeline);
    g_free(writer);
}
