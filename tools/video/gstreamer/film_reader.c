/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of a film or a camera, by GStreamer: decoded, turned, in a format that octet takes. */
#include "video/gstreamer/film_reader.h"

#include <math.h>
#include <string.h>

#include <gst/app/gstappsink.h>
#include <gst/video/video.h>

#include "video/gstreamer/bus_error.h"
#include "video/gstreamer/film_source.h"

#define FRAMES_AHEAD 4 /* decoded and not fetched; of a camera one: the newest */

struct video_reader {
    struct film_source film;
    GstAppSink *sink;
    struct bus_report bus;
    GstCaps *caps; /* what `info` was made of, or NULL */
    GstVideoInfo info;
    gboolean is_live;
    guint64 count;   /* of frames that were fetched */
    guint64 arrived; /* of frames that were decoded; of the thread that gives them */
};

struct held {
    GstSample *sample;
    GstVideoFrame frame;
};

static gboolean is_live_address(const char *address)
{
    static const char *const schemes[] = {"rtsp", "udp:", "srt:", "rtmp", "rtp:"};
    for (guint i = 0; i < G_N_ELEMENTS(schemes); i++)
        if (g_ascii_strncasecmp(address, schemes[i], strlen(schemes[i])) == 0)
            return TRUE;
    return FALSE;
}

/* Numbers the frames, so that it shows how many were lost before one that is fetched. */
static GstPadProbeReturn number_frame(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    struct video_reader *reader = data;
    GstBuffer *frame = gst_buffer_make_writable(GST_PAD_PROBE_INFO_BUFFER(info));
    (void)pad;
    GST_BUFFER_OFFSET(frame) = reader->arrived++;
    GST_PAD_PROBE_INFO_DATA(info) = frame;
    return GST_PAD_PROBE_OK;
}

static void set_up_sink(struct video_reader *reader)
{
    GstElement *sink = gst_bin_get_by_name(GST_BIN(reader->film.pipeline), FILM_SOURCE_SINK);
    GstCaps *caps = gst_caps_from_string(FILM_SOURCE_CAPS);
    GstPad *pad = gst_element_get_static_pad(sink, "sink");
    reader->sink = GST_APP_SINK(sink);
    g_object_set(sink, "sync", FALSE, "enable-last-sample", FALSE, "caps", caps, "max-buffers",
                 FRAMES_AHEAD, NULL);
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, number_frame, reader, NULL);
    gst_object_unref(pad);
    gst_caps_unref(caps);
}

struct video_reader *reader_open(enum video_kind kind, const char *source, char *message)
{
    if (!gstreamer_start(message))
        return NULL;
    struct video_reader *reader = g_new0(struct video_reader, 1);
    if (!film_source_make(&reader->film, kind, source, message)) {
        reader_close(reader);
        return NULL;
    }
    GstElement *pipeline = reader->film.pipeline;
    set_up_sink(reader);
    reader->bus.bus = gst_element_get_bus(pipeline);
    reader->is_live = kind == VIDEO_DEVICE || (kind == VIDEO_ADDRESS && is_live_address(source));
    const GstStateChangeReturn paused = gst_element_set_state(pipeline, GST_STATE_PAUSED);
    reader->is_live = reader->is_live || paused == GST_STATE_CHANGE_NO_PREROLL;
    if (reader->is_live)
        g_object_set(reader->sink, "drop", TRUE, "max-buffers", 1, NULL);
    if (paused != GST_STATE_CHANGE_FAILURE &&
        gst_element_set_state(pipeline, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE)
        return reader;
    if (!bus_report_error(&reader->bus, NULL, message))
        message_set(message, "cannot be opened");
    reader_close(reader);
    return NULL;
}

/* ---- frames ---- */

static gboolean set_format(const GstVideoInfo *info, octet_frame *pixels)
{
    static const struct {
        GstVideoFormat theirs;
        octet_pixel_format ours;
    } formats[] = {{GST_VIDEO_FORMAT_NV12, OCTET_PIXEL_NV12},
                   {GST_VIDEO_FORMAT_I420, OCTET_PIXEL_I420},
                   {GST_VIDEO_FORMAT_YUY2, OCTET_PIXEL_YUY2},
                   {GST_VIDEO_FORMAT_BGR, OCTET_PIXEL_BGR},
                   {GST_VIDEO_FORMAT_RGB, OCTET_PIXEL_RGB}};
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++)
        if (GST_VIDEO_INFO_FORMAT(info) == formats[i].theirs) {
            pixels->format = formats[i].ours;
            return TRUE;
        }
    return FALSE;
}

/* As the caps say; where they say nothing, GStreamer's guess by the size. BT.2020's and SMPTE
 * 240M's weights are nearer to BT.709's. */
static void set_colours(const GstVideoInfo *info, octet_frame *pixels)
{
    const GstVideoColorMatrix matrix = info->colorimetry.matrix;
    pixels->matrix = matrix == GST_VIDEO_COLOR_MATRIX_BT709 ||
                             matrix == GST_VIDEO_COLOR_MATRIX_BT2020 ||
                             matrix == GST_VIDEO_COLOR_MATRIX_SMPTE240M
                         ? OCTET_YUV_BT709
                         : OCTET_YUV_BT601;
    pixels->range =
        info->colorimetry.range == GST_VIDEO_COLOR_RANGE_0_255 ? OCTET_YUV_FULL : OCTET_YUV_LIMITED;
}

static double time_of(const struct video_reader *reader, GstSample *sample)
{
    const GstClockTime stamp = GST_BUFFER_PTS(gst_sample_get_buffer(sample));
    const GstVideoInfo *info = &reader->info;
    GstClockTime time = GST_CLOCK_TIME_NONE;
    if (GST_CLOCK_TIME_IS_VALID(stamp))
        time = gst_segment_to_stream_time(gst_sample_get_segment(sample), GST_FORMAT_TIME, stamp);
    if (GST_CLOCK_TIME_IS_VALID(time))
        return (double)time / (double)GST_SECOND;
    return info->fps_n > 0 ? (double)reader->count * info->fps_d / info->fps_n : 0;
}

static gboolean note_caps(struct video_reader *reader, GstCaps *caps)
{
    if (caps == reader->caps)
        return TRUE;
    if (!caps || !gst_video_info_from_caps(&reader->info, caps))
        return FALSE;
    gst_caps_replace(&reader->caps, caps);
    return TRUE;
}

/* Takes over the sample. */
static gboolean fill(struct video_reader *reader, GstSample *sample, struct video_frame *frame)
{
    *frame = (struct video_frame){0};
    struct held *held = g_new0(struct held, 1);
    held->sample = sample;
    if (!note_caps(reader, gst_sample_get_caps(sample)) ||
        !gst_video_frame_map(&held->frame, &reader->info, gst_sample_get_buffer(sample),
                             GST_MAP_READ)) {
        gst_sample_unref(sample);
        g_free(held);
        return FALSE;
    }
    frame->held = held;
    octet_frame *pixels = &frame->pixels;
    pixels->width = GST_VIDEO_FRAME_WIDTH(&held->frame);
    pixels->height = GST_VIDEO_FRAME_HEIGHT(&held->frame);
    for (guint i = 0; i < GST_VIDEO_FRAME_N_PLANES(&held->frame) && i < 3; i++) {
        pixels->planes[i] = GST_VIDEO_FRAME_PLANE_DATA(&held->frame, i);
        pixels->strides[i] = (size_t)GST_VIDEO_FRAME_PLANE_STRIDE(&held->frame, i);
    }
    set_colours(&reader->info, pixels);
    frame->time_s = time_of(reader, sample);
    if (reader->is_live)
        frame->dropped = GST_BUFFER_OFFSET(gst_sample_get_buffer(sample)) - reader->count;
    reader->count++;
    return set_format(&reader->info, pixels);
}

void reader_release(void *held)
{
    struct held *frame = held;
    if (!frame)
        return;
    gst_video_frame_unmap(&frame->frame);
    gst_sample_unref(frame->sample);
    g_free(frame);
}

/* A camera may end its stream; one whose connection broke has not. */
static enum video_result end(struct video_reader *reader, char *message)
{
    if (bus_report_error(&reader->bus, NULL, message))
        return VIDEO_FAILED;
    if (!reader->bus.is_cut_off)
        return VIDEO_END;
    message_set(message, CONNECTION_LOST);
    return VIDEO_FAILED;
}

enum video_result reader_next(struct video_reader *reader, int wait_ms, struct video_frame *frame,
                              char *message)
{
    GstSample *sample =
        gst_app_sink_try_pull_sample(reader->sink, (GstClockTime)wait_ms * GST_MSECOND);
    if (sample) {
        if (fill(reader, sample, frame))
            return VIDEO_FRAME;
        reader_release(frame->held);
        message_set(message, "a frame of it is in no format that octet takes");
        return VIDEO_FAILED;
    }
    if (bus_report_error(&reader->bus, NULL, message))
        return VIDEO_FAILED;
    if (film_source_lacks_frames(&reader->film)) {
        message_set(message, "no video in it");
        return VIDEO_FAILED;
    }
    if (gst_app_sink_is_eos(reader->sink))
        return end(reader, message);
    if (!reader->count && film_source_is_dead(&reader->film)) {
        message_set(message, UNREADABLE_FILM);
        return VIDEO_FAILED;
    }
    return VIDEO_WAITING;
}

void reader_facts(struct video_reader *reader, struct video_facts *facts)
{
    gint64 duration = 0;
    gboolean can_seek = FALSE;
    GstQuery *query = gst_query_new_seeking(GST_FORMAT_TIME);
    *facts = (struct video_facts){.is_live = reader->is_live};
    if (reader->info.fps_n > 0 && reader->info.fps_d > 0)
        facts->frame_rate = (double)reader->info.fps_n / reader->info.fps_d;
    if (!reader->is_live &&
        gst_element_query_duration(reader->film.pipeline, GST_FORMAT_TIME, &duration) &&
        duration > 0)
        facts->duration_s = (double)duration / (double)GST_SECOND;
    if (!reader->is_live && gst_element_query(reader->film.pipeline, query))
        gst_query_parse_seeking(query, NULL, &can_seek, NULL, NULL);
    facts->can_seek = can_seek;
    gst_query_unref(query);
}

bool reader_seek(struct video_reader *reader, double time_s)
{
    return gst_element_seek_simple(reader->film.pipeline, GST_FORMAT_TIME,
                                   GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE,
                                   (gint64)llround(time_s * (double)GST_SECOND));
}

void reader_close(struct video_reader *reader)
{
    if (reader->film.pipeline)
        gst_element_set_state(reader->film.pipeline, GST_STATE_NULL);
    gst_caps_replace(&reader->caps, NULL);
    bus_report_clear(&reader->bus);
    gst_clear_object(&reader->sink);
    gst_clear_object(&reader->film.pipeline);
    g_free(reader);
}
