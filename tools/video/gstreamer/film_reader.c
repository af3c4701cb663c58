/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of a film or a camera, by GStreamer: decoded, turned, in a format that octet takes. */
#include "video/gstreamer/film_reader.h"

#include <math.h>
#include <string.h>

#include <gst/app/gstappsink.h>
#include <gst/video/video.h>

#include "video/gstreamer/bus_error.h"

#define FRAMES_AHEAD 4 /* decoded and not fetched; of a camera one: the newest */
#define SINK "octet-frames"

/* videoconvert does nothing where the decoder gives one of these. */
#define FORMATS "video/x-raw,format={NV12,I420,YUY2,BGR,RGB}"
#define TAIL "videoconvert ! videoflip video-direction=auto ! appsink name=" SINK

struct video_reader {
    GstElement *pipeline;
    GstAppSink *sink;
    GstBus *bus;
    GstCaps *caps; /* what `info` was made of, or NULL */
    GstVideoInfo info;
    gboolean is_live;
    gint linked, all_pads; /* atomic: a stream of frames was found; no more streams come */
    guint64 count;         /* of frames that were fetched */
};

struct held {
    GstSample *sample;
    GstVideoFrame frame;
};

/* ---- the pipeline ---- */

static void link_pad(GstElement *source, GstPad *pad, gpointer data)
{
    struct video_reader *reader = data;
    GstElement *tail = g_object_get_data(G_OBJECT(reader->pipeline), "tail");
    GstPad *target = gst_element_get_static_pad(tail, "sink");
    GstCaps *caps = gst_pad_get_current_caps(pad);
    const GstStructure *structure =
        caps && gst_caps_get_size(caps) ? gst_caps_get_structure(caps, 0) : NULL;
    (void)source;
    if (structure && g_str_has_prefix(gst_structure_get_name(structure), "video/") &&
        !gst_pad_is_linked(target) && GST_PAD_LINK_SUCCESSFUL(gst_pad_link(pad, target)))
        g_atomic_int_set(&reader->linked, 1);
    if (caps)
        gst_caps_unref(caps);
    gst_object_unref(target);
}

static void note_all_pads(GstElement *source, gpointer data)
{
    (void)source;
    g_atomic_int_set(&((struct video_reader *)data)->all_pads, 1);
}

/* GstAutoplugSelectResult, which no header has: 0 tries the element, 2 passes it over. A file's
 * list of addresses is not followed. */
static gint choose_element(GstElement *bin, GstPad *pad, GstCaps *caps, GstElementFactory *factory,
                           gpointer data)
{
    static const char *const fetching[] = {"hls", "dash", "mss", "sdp", "adaptive"};
    const gchar *name = gst_plugin_feature_get_name(GST_PLUGIN_FEATURE(factory));
    (void)bin;
    (void)pad;
    (void)caps;
    (void)data;
    for (guint i = 0; i < G_N_ELEMENTS(fetching); i++)
        if (g_str_has_prefix(name, fetching[i]))
            return 2;
    return 0;
}

/* Of a camera's address: over TCP, which loses nothing; rtspu:// is UDP. */
static void set_up_source(GstElement *bin, GstElement *source, gpointer data)
{
    const gchar *address = data;
    (void)bin;
    if (g_str_has_prefix(address, "rtsp://") &&
        g_object_class_find_property(G_OBJECT_GET_CLASS(source), "protocols"))
        gst_util_set_object_arg(G_OBJECT(source), "protocols", "tcp");
    if (g_object_class_find_property(G_OBJECT_GET_CLASS(source), "latency"))
        g_object_set(source, "latency", 100, NULL);
}

static GstElement *make(const char *factory, char *message)
{
    GstElement *made = gst_element_factory_make(factory, NULL);
    if (!made)
        message_set(message,
                    "GStreamer has no element '%s' here: install gstreamer1.0-plugins-base and "
                    "gstreamer1.0-plugins-good",
                    factory);
    return made;
}

/* What decodes, in the pipeline and connected to its tail. */
static gboolean add_source(struct video_reader *reader, enum video_kind kind, const char *source,
                           char *message)
{
    const gboolean is_address = kind == VIDEO_ADDRESS;
    GstElement *decoder = make(is_address ? "uridecodebin" : "decodebin", message);
    GstElement *input = NULL;
    if (!decoder)
        return FALSE;
    gst_bin_add(GST_BIN(reader->pipeline), decoder);
    GstCaps *caps = gst_caps_from_string("video/x-raw(ANY)");
    g_object_set(decoder, "caps", caps, "expose-all-streams", FALSE, NULL);
    gst_caps_unref(caps);
    g_signal_connect(decoder, "pad-added", G_CALLBACK(link_pad), reader);
    g_signal_connect(decoder, "no-more-pads", G_CALLBACK(note_all_pads), reader);
    if (is_address) {
        g_object_set(decoder, "uri", source, NULL);
        g_signal_connect_data(decoder, "source-setup", G_CALLBACK(set_up_source), g_strdup(source),
                              (GClosureNotify)(void (*)(void))g_free, 0);
        return TRUE;
    }
    input = make(kind == VIDEO_FILE ? "filesrc" : "v4l2src", message);
    if (!input)
        return FALSE;
    g_object_set(input, kind == VIDEO_FILE ? "location" : "device", source, NULL);
    if (kind == VIDEO_FILE)
        g_signal_connect(decoder, "autoplug-select", G_CALLBACK(choose_element), NULL);
    gst_bin_add(GST_BIN(reader->pipeline), input);
    return gst_element_link(input, decoder);
}

static gboolean parse(struct video_reader *reader, const char *description, char *message)
{
    GError *error = NULL;
    gchar *whole = g_strdup_printf("%s ! " TAIL, description);
    reader->pipeline = gst_parse_launch_full(whole, NULL, GST_PARSE_FLAG_FATAL_ERRORS, &error);
    g_free(whole);
    if (error)
        message_set(message, "%s", error->message);
    g_clear_error(&error);
    if (reader->pipeline && !GST_IS_PIPELINE(reader->pipeline)) {
        message_set(message, "no pipeline");
        return FALSE;
    }
    g_atomic_int_set(&reader->linked, 1);
    return reader->pipeline != NULL;
}

static gboolean assemble(struct video_reader *reader, enum video_kind kind, const char *source,
                         char *message)
{
    GError *error = NULL;
    if (kind == VIDEO_PIPELINE)
        return parse(reader, source, message);
    reader->pipeline = gst_pipeline_new(NULL);
    GstElement *tail = gst_parse_bin_from_description(TAIL, TRUE, &error);
    if (!tail) {
        message_set(message, "%s: install gstreamer1.0-plugins-base and gstreamer1.0-plugins-good",
                    error->message);
        g_clear_error(&error);
        return FALSE;
    }
    gst_bin_add(GST_BIN(reader->pipeline), tail);
    g_object_set_data(G_OBJECT(reader->pipeline), "tail", tail);
    return add_source(reader, kind, source, message);
}

static gboolean is_live_address(const char *address)
{
    static const char *const schemes[] = {"rtsp", "udp:", "srt:", "rtmp", "rtp:"};
    for (guint i = 0; i < G_N_ELEMENTS(schemes); i++)
        if (g_ascii_strncasecmp(address, schemes[i], strlen(schemes[i])) == 0)
            return TRUE;
    return FALSE;
}

static void set_up_sink(struct video_reader *reader)
{
    GstElement *sink = gst_bin_get_by_name(GST_BIN(reader->pipeline), SINK);
    GstCaps *caps = gst_caps_from_string(FORMATS);
    reader->sink = GST_APP_SINK(sink);
    g_object_set(sink, "sync", FALSE, "enable-last-sample", FALSE, "caps", caps, "max-buffers",
                 FRAMES_AHEAD, NULL);
    gst_caps_unref(caps);
}

struct video_reader *reader_open(enum video_kind kind, const char *source, char *message)
{
    if (!gstreamer_start(message))
        return NULL;
    struct video_reader *reader = g_new0(struct video_reader, 1);
    if (!assemble(reader, kind, source, message)) {
        reader_close(reader);
        return NULL;
    }
    set_up_sink(reader);
    reader->bus = gst_element_get_bus(reader->pipeline);
    reader->is_live = kind == VIDEO_DEVICE || (kind == VIDEO_ADDRESS && is_live_address(source));
    const GstStateChangeReturn paused = gst_element_set_state(reader->pipeline, GST_STATE_PAUSED);
    reader->is_live = reader->is_live || paused == GST_STATE_CHANGE_NO_PREROLL;
    if (reader->is_live)
        g_object_set(reader->sink, "drop", TRUE, "max-buffers", 1, NULL);
    if (paused != GST_STATE_CHANGE_FAILURE &&
        gst_element_set_state(reader->pipeline, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE)
        return reader;
    if (!message_find_error(reader->bus, NULL, message))
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
    if (message_find_error(reader->bus, NULL, message))
        return VIDEO_FAILED;
    if (g_atomic_int_get(&reader->all_pads) && !g_atomic_int_get(&reader->linked)) {
        message_set(message, "no video in it");
        return VIDEO_FAILED;
    }
    return gst_app_sink_is_eos(reader->sink) ? VIDEO_END : VIDEO_WAITING;
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
        gst_element_query_duration(reader->pipeline, GST_FORMAT_TIME, &duration) && duration > 0)
        facts->duration_s = (double)duration / (double)GST_SECOND;
    if (!reader->is_live && gst_element_query(reader->pipeline, query))
        gst_query_parse_seeking(query, NULL, &can_seek, NULL, NULL);
    facts->can_seek = can_seek;
    gst_query_unref(query);
}

bool reader_seek(struct video_reader *reader, double time_s)
{
    return gst_element_seek_simple(reader->pipeline, GST_FORMAT_TIME,
                                   GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE,
                                   (gint64)llround(time_s * (double)GST_SECOND));
}

void reader_close(struct video_reader *reader)
{
    if (reader->pipeline)
        gst_element_set_state(reader->pipeline, GST_STATE_NULL);
    gst_caps_replace(&reader->caps, NULL);
    gst_clear_object(&reader->bus);
    gst_clear_object(&reader->sink);
    gst_clear_object(&reader->pipeline);
    g_free(reader);
}
