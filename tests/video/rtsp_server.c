/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtsp_server [OPTION...] FILM...: a camera for the tests. Serves the H.264 of films, one after the
 * other and as it is, at rtsp://127.0.0.1:PORT/belt, and prints PORT. It never ends by itself.
 *   --loop                   begins again at the end
 *   --user NAME:PASSWORD     asks for it, by basic authentication
 *   --digest                 by digest authentication
 *   --damage N               spoils some bytes of every N-th frame
 *   --stall N                falls silent after N frames, without a word
 *   --port N                 listens there; else at any port that is free
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/rtsp-server/rtsp-server.h>

#define PATH "/belt"
#define ROLE "viewer"

/* The frames of all films, as they are encoded, and the time that they take. */
struct film {
    GPtrArray *frames; /* of GstSample */
    GstClockTime duration;
};

struct options {
    const char *user; /* "NAME:PASSWORD" or NULL */
    const char *port; /* "0": any */
    gboolean loops, is_digest;
    guint damage, stall; /* 0: never */
};

/* One who watches. */
struct viewer {
    const struct film *film;
    const struct options *options;
    guint next; /* frame, over all rounds */
};

static void fail(const char *what)
{
    fprintf(stderr, "rtsp_server: %s\n", what);
    exit(1);
}

/* The sample with its time among those of all films. */
static GstSample *place(const struct film *film, GstSample *sample)
{
    const GstSegment *segment = gst_sample_get_segment(sample);
    GstBuffer *frame = gst_buffer_copy_deep(gst_sample_get_buffer(sample));
    const GstClockTime time =
        gst_segment_to_running_time(segment, GST_FORMAT_TIME, GST_BUFFER_PTS(frame));
    GST_BUFFER_PTS(frame) = film->duration + (GST_CLOCK_TIME_IS_VALID(time) ? time : 0);
    GST_BUFFER_DTS(frame) = GST_CLOCK_TIME_NONE;
    GstSample *placed = gst_sample_new(frame, gst_sample_get_caps(sample), NULL, NULL);
    gst_buffer_unref(frame);
    return placed;
}

static void read_film(struct film *film, const char *path)
{
    GstSample *sample;
    GstClockTime end = film->duration;
    GstElement *pipeline = gst_parse_launch(
        "filesrc name=file ! qtdemux name=film film.video_0 ! appsink name=frames sync=false",
        NULL);
    if (!pipeline)
        fail("an element is missing: install gstreamer1.0-plugins-good");
    GstElement *file = gst_bin_get_by_name(GST_BIN(pipeline), "file");
    GstElement *sink = gst_bin_get_by_name(GST_BIN(pipeline), "frames");
    g_object_set(file, "location", path, NULL);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    while ((sample = gst_app_sink_pull_sample(GST_APP_SINK(sink)))) {
        GstSample *placed = place(film, sample);
        const GstBuffer *frame = gst_sample_get_buffer(placed);
        end = MAX(end, GST_BUFFER_PTS(frame) + GST_BUFFER_DURATION(frame));
        g_ptr_array_add(film->frames, placed);
        gst_sample_unref(sample);
    }
    film->duration = end;
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(file);
    gst_object_unref(sink);
    gst_object_unref(pipeline);
}

/* Other bytes in the pictures' data; the beginning says what follows, and stays. */
static void spoil(GstBuffer *frame, guint seed)
{
    GstMapInfo map;
    if (!gst_buffer_map(frame, &map, GST_MAP_READWRITE))
        return;
    for (gsize i = 24 + seed % 5; i < map.size; i += 7)
        map.data[i] ^= (guint8)(seed + i);
    gst_buffer_unmap(frame, &map);
}

static void give_frame(GstAppSrc *source, guint length, gpointer data)
{
    struct viewer *viewer = data;
    const struct options *options = viewer->options;
    const guint count = viewer->film->frames->len, round = viewer->next / count;
    (void)length;
    if (options->stall && viewer->next >= options->stall)
        return;
    if (round && !options->loops) {
        gst_app_src_end_of_stream(source);
        return;
    }
    GstSample *own = g_ptr_array_index(viewer->film->frames, viewer->next % count);
    GstBuffer *frame = gst_buffer_copy_deep(gst_sample_get_buffer(own));
    GST_BUFFER_PTS(frame) += round * viewer->film->duration;
    if (options->damage && viewer->next % options->damage == options->damage - 1)
        spoil(frame, viewer->next);
    GstSample *sent = gst_sample_new(frame, gst_sample_get_caps(own), NULL, NULL);
    gst_buffer_unref(frame);
    viewer->next++;
    gst_app_src_push_sample(source, sent);
    gst_sample_unref(sent);
}

/* Frames go out by their times, the clock being the one of who sends them. */
static void begin(GstRTSPMediaFactory *factory, GstRTSPMedia *media, gpointer data)
{
    struct viewer *viewer = g_new0(struct viewer, 1);
    GstElement *element = gst_rtsp_media_get_element(media);
    GstElement *source = gst_bin_get_by_name_recurse_up(GST_BIN(element), "frames");
    (void)factory;
    *viewer = *(const struct viewer *)data;
    g_object_set_data_full(G_OBJECT(media), "viewer", viewer, g_free);
    g_signal_connect(source, "need-data", G_CALLBACK(give_frame), viewer);
    gst_object_unref(source);
    gst_object_unref(element);
}

static void ask_for_user(GstRTSPServer *server, GstRTSPMediaFactory *factory,
                         const struct options *options)
{
    gchar **parts = g_strsplit(options->user, ":", 2);
    GstRTSPAuth *auth = gst_rtsp_auth_new();
    GstRTSPToken *token =
        gst_rtsp_token_new(GST_RTSP_TOKEN_MEDIA_FACTORY_ROLE, G_TYPE_STRING, ROLE, NULL);
    gchar *basic = gst_rtsp_auth_make_basic(parts[0], parts[1] ? parts[1] : "");
    if (options->is_digest) {
        gst_rtsp_auth_set_supported_methods(auth, GST_RTSP_AUTH_DIGEST);
        gst_rtsp_auth_add_digest(auth, parts[0], parts[1] ? parts[1] : "", token);
    } else {
        gst_rtsp_auth_add_basic(auth, basic, token);
    }
    gst_rtsp_media_factory_add_role(factory, ROLE, GST_RTSP_PERM_MEDIA_FACTORY_ACCESS,
                                    G_TYPE_BOOLEAN, TRUE, GST_RTSP_PERM_MEDIA_FACTORY_CONSTRUCT,
                                    G_TYPE_BOOLEAN, TRUE, NULL);
    gst_rtsp_server_set_auth(server, auth);
    gst_rtsp_token_unref(token);
    g_object_unref(auth);
    g_free(basic);
    g_strfreev(parts);
}

static int serve(struct viewer *first)
{
    GMainLoop *loop = g_main_loop_new(NULL, FALSE);
    GstRTSPServer *server = gst_rtsp_server_new();
    GstRTSPMediaFactory *factory = gst_rtsp_media_factory_new();
    GstRTSPMountPoints *mounts = gst_rtsp_server_get_mount_points(server);
    gst_rtsp_media_factory_set_launch(factory, "( appsrc name=frames is-live=true format=time ! "
                                               "rtph264pay name=pay0 pt=96 config-interval=-1 )");
    g_signal_connect(factory, "media-configure", G_CALLBACK(begin), first);
    gst_rtsp_server_set_address(server, "127.0.0.1");
    gst_rtsp_server_set_service(server, first->options->port);
    if (first->options->user)
        ask_for_user(server, factory, first->options);
    gst_rtsp_mount_points_add_factory(mounts, PATH, factory);
    g_object_unref(mounts);
    if (!gst_rtsp_server_attach(server, NULL))
        fail("no port of this machine is free");
    printf("%d\n", gst_rtsp_server_get_bound_port(server));
    fflush(stdout);
    g_main_loop_run(loop);
    return 0;
}

int main(int argc, char **argv)
{
    struct film film = {g_ptr_array_new(), 0};
    struct options options = {.port = "0"};
    struct viewer first = {&film, &options, 0};
    gst_init(NULL, NULL);
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--loop") == 0)
            options.loops = TRUE;
        else if (strcmp(argv[i], "--digest") == 0)
            options.is_digest = TRUE;
        else if (strcmp(argv[i], "--user") == 0)
            options.user = value, i++;
        else if (strcmp(argv[i], "--port") == 0)
            options.port = value, i++;
        else if (strcmp(argv[i], "--damage") == 0)
            options.damage = (guint)atoi(value), i++;
        else if (strcmp(argv[i], "--stall") == 0)
            options.stall = (guint)atoi(value), i++;
        else if (argv[i][0] == '-')
            fail("no such option");
        else
            read_film(&film, argv[i]);
    }
    if (!film.frames->len)
        fail("no frames to serve");
    return serve(&first);
}
