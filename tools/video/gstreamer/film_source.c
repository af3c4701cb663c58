/* SPDX-License-Identifier: Apache-2.0 */
/* Puts together what reads and decodes a source, and sees whether it still does. */
#include "video/gstreamer/film_source.h"

#include "video/gstreamer/bus_error.h"
#include "video/gstreamer/frame_memory.h"

/* videoconvert does nothing where the decoder gives a layout that is taken. */
#define TAIL "videoconvert ! videoflip video-direction=auto ! appsink name=" FILM_SOURCE_SINK

/* Of RTSP. Packets come out as soon as they are in order: over TCP these are bounds of what lies
 * ready when the decoder is late, over UDP the time that a lost packet is waited for. */
#define TCP_LATENCY_MS 500
#define UDP_LATENCY_MS 200
#define CONNECT_US (8 * G_USEC_PER_SEC)

#define LOOKS_BEFORE_DEATH 2 /* one may fall between an element's start and its thread's */

/* ---- streams ---- */

static gboolean link_frames(struct film_source *film, GstPad *pad, GstCaps *caps, GstPad *target)
{
    if (GST_PAD_LINK_SUCCESSFUL(gst_pad_link(pad, target)))
        return TRUE;
    GstElement *download = frame_memory_download(film->pipeline, caps, FILM_SOURCE_CAPS);
    if (!download)
        return FALSE;
    GstPad *in = gst_element_get_static_pad(download, "sink");
    GstPad *out = gst_element_get_static_pad(download, "src");
    const gboolean linked = GST_PAD_LINK_SUCCESSFUL(gst_pad_link(out, target)) &&
                            gst_element_sync_state_with_parent(download) &&
                            GST_PAD_LINK_SUCCESSFUL(gst_pad_link(pad, in));
    gst_object_unref(in);
    gst_object_unref(out);
    return linked;
}

static void take_stream(GstElement *decoder, GstPad *pad, gpointer data)
{
    struct film_source *film = data;
    GstPad *target = gst_element_get_static_pad(film->tail, "sink");
    GstCaps *caps = gst_pad_get_current_caps(pad);
    const GstStructure *structure =
        caps && gst_caps_get_size(caps) ? gst_caps_get_structure(caps, 0) : NULL;
    (void)decoder;
    if (structure && g_str_has_prefix(gst_structure_get_name(structure), "video/") &&
        !gst_pad_is_linked(target) && link_frames(film, pad, caps, target))
        g_atomic_int_set(&film->linked, 1);
    if (caps)
        gst_caps_unref(caps);
    gst_object_unref(target);
}

static void note_all_pads(GstElement *decoder, gpointer data)
{
    (void)decoder;
    g_atomic_int_set(&((struct film_source *)data)->all_pads, 1);
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

/* A camera's address is read over TCP, which loses nothing on a wireless network; schemes that name
 * their transport have theirs (rtspu:// is UDP). What a decoder that is late has not taken is
 * dropped: its pictures must not grow old. */
static void set_up_source(GstElement *bin, GstElement *source, gpointer data)
{
    const gboolean is_udp = g_str_has_prefix(data, "rtspu") || g_str_has_prefix(data, "rtspsu");
    const gboolean is_open = g_str_has_prefix(data, "rtsp:") || g_str_has_prefix(data, "rtsps:");
    (void)bin;
    if (!g_object_class_find_property(G_OBJECT_GET_CLASS(source), "drop-on-latency"))
        return;
    if (is_open)
        gst_util_set_object_arg(G_OBJECT(source), "protocols", "tcp");
    g_object_set(source, "latency", is_udp ? UDP_LATENCY_MS : TCP_LATENCY_MS, "drop-on-latency",
                 TRUE, "tcp-timeout", (guint64)CONNECT_US, NULL);
}

/* ---- the pipeline ---- */

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
static gboolean add_source(struct film_source *film, enum video_kind kind, const char *source,
                           char *message)
{
    const gboolean is_address = kind == VIDEO_ADDRESS;
    GstElement *decoder = make(is_address ? "uridecodebin" : "decodebin", message);
    GstElement *input = NULL;
    if (!decoder)
        return FALSE;
    gst_bin_add(GST_BIN(film->pipeline), decoder);
    GstCaps *caps = gst_caps_from_string("video/x-raw(ANY)");
    g_object_set(decoder, "caps", caps, "expose-all-streams", FALSE, NULL);
    gst_caps_unref(caps);
    g_signal_connect(decoder, "pad-added", G_CALLBACK(take_stream), film);
    g_signal_connect(decoder, "no-more-pads", G_CALLBACK(note_all_pads), film);
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
    gst_bin_add(GST_BIN(film->pipeline), input);
    return gst_element_link(input, decoder);
}

static gboolean parse(struct film_source *film, const char *description, char *message)
{
    GError *error = NULL;
    gchar *whole = g_strdup_printf("%s ! " TAIL, description);
    film->pipeline = gst_parse_launch_full(whole, NULL, GST_PARSE_FLAG_FATAL_ERRORS, &error);
    g_free(whole);
    if (error)
        message_set(message, "%s", error->message);
    g_clear_error(&error);
    if (film->pipeline && !GST_IS_PIPELINE(film->pipeline)) {
        message_set(message, "no pipeline");
        return FALSE;
    }
    g_atomic_int_set(&film->linked, 1);
    return film->pipeline != NULL;
}

gboolean film_source_make(struct film_source *film, enum video_kind kind, const char *source,
                          char *message)
{
    GError *error = NULL;
    if (kind == VIDEO_PIPELINE)
        return parse(film, source, message);
    film->pipeline = gst_pipeline_new(NULL);
    film->tail = gst_parse_bin_from_description(TAIL, TRUE, &error);
    if (!film->tail) {
        message_set(message, "%s: install gstreamer1.0-plugins-base and gstreamer1.0-plugins-good",
                    error->message);
        g_clear_error(&error);
        return FALSE;
    }
    gst_bin_add(GST_BIN(film->pipeline), film->tail);
    return add_source(film, kind, source, message);
}

/* ---- whether it goes on ---- */

gboolean film_source_lacks_frames(const struct film_source *film)
{
    return g_atomic_int_get(&film->all_pads) && !g_atomic_int_get(&film->linked);
}

/* An element that read by itself, has found no stream, and has stopped. */
static gint compare_dead(gconstpointer item, gconstpointer user)
{
    GstElement *element = g_value_get_object(item);
    GstPad *pad = NULL;
    (void)user;
    if (GST_IS_BIN(element)) /* its pads are those of its elements */
        return 1;
    GST_OBJECT_LOCK(element);
    if (element->numsinkpads == 1 && element->numsrcpads == 0)
        pad = gst_object_ref(element->sinkpads->data);
    GST_OBJECT_UNLOCK(element);
    const gboolean is_dead = pad && GST_PAD_MODE(pad) == GST_PAD_MODE_PULL &&
                             gst_pad_get_task_state(pad) != GST_TASK_STARTED;
    gst_clear_object(&pad);
    return is_dead ? 0 : 1;
}

/* decodebin keeps the errors of an element to itself until it has seen it start. A demuxer has a
 * thread of its own by then, and where that fails at once, nobody ever hears of it. */
gboolean film_source_is_dead(struct film_source *film)
{
    GValue found = G_VALUE_INIT;
    GstIterator *elements = gst_bin_iterate_recurse(GST_BIN(film->pipeline));
    const gboolean is_dead = gst_iterator_find_custom(elements, compare_dead, &found, NULL);
    if (is_dead)
        g_value_unset(&found);
    gst_iterator_free(elements);
    film->dead_looks = is_dead ? film->dead_looks + 1 : 0;
    return film->dead_looks >= LOOKS_BEFORE_DEATH;
}
