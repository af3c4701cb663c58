/* SPDX-License-Identifier: Apache-2.0 */
/* Takes a film's tracks of sound out of it without decoding them. */
#include "video/gstreamer/film_sound.h"

#include <math.h>

#include <gst/pbutils/pbutils.h>

#include "video/gstreamer/bus_error.h"

#define AWAIT_MS 2000
#define SLICE_MS 5

struct sound {
    GstElement *pipeline, *container, *bin, *input;
    gint all_tracks; /* atomic */
    GMutex mutex;    /* of what follows */
    GstClockTime end;
    gchar *refused; /* what the container does not take, or NULL */
};

/* Drops what comes after the last frame. */
static GstPadProbeReturn look_at_time(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    struct sound *sound = data;
    const GstClockTime time = GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info));
    (void)pad;
    g_mutex_lock(&sound->mutex);
    const gboolean is_late =
        GST_CLOCK_TIME_IS_VALID(sound->end) && GST_CLOCK_TIME_IS_VALID(time) && time > sound->end;
    g_mutex_unlock(&sound->mutex);
    return is_late ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

/* A pad of the container that takes what the caps say, or NULL. */
static GstPad *container_pad(struct sound *sound, GstPad *pad, GstCaps *caps)
{
    GstPad *found = gst_element_get_compatible_pad(sound->container, pad, caps);
    if (found)
        return found;
    g_mutex_lock(&sound->mutex);
    g_free(sound->refused);
    sound->refused = gst_pb_utils_get_codec_description(caps);
    g_mutex_unlock(&sound->mutex);
    return NULL;
}

/* A queue, so that neither frames nor sound wait for each other; or where it all ends. */
static GstElement *add_element(struct sound *sound, const char *factory)
{
    GstElement *made = gst_element_factory_make(factory, NULL);
    if (!made)
        return NULL;
    gst_bin_add(GST_BIN(sound->bin), made);
    if (GST_OBJECT_FLAG_IS_SET(made, GST_ELEMENT_FLAG_SINK))
        g_object_set(made, "sync", FALSE, "async", FALSE, NULL);
    return made;
}

static gboolean link_track(struct sound *sound, GstPad *pad, GstCaps *caps)
{
    GstPad *target = container_pad(sound, pad, caps);
    if (!target)
        return FALSE;
    GstElement *queue = add_element(sound, "queue");
    GstPad *in = gst_element_get_static_pad(queue, "sink");
    GstPad *out = gst_element_get_static_pad(queue, "src");
    GstPad *door = gst_ghost_pad_new(NULL, out);
    gst_pad_add_probe(out, GST_PAD_PROBE_TYPE_BUFFER, look_at_time, sound, NULL);
    gst_pad_set_active(door, TRUE);
    gst_element_add_pad(sound->bin, door);
    gst_pad_link(door, target);
    gst_element_sync_state_with_parent(queue);
    const gboolean linked = GST_PAD_LINK_SUCCESSFUL(gst_pad_link(pad, in));
    gst_object_unref(in);
    gst_object_unref(out);
    gst_object_unref(target);
    return linked;
}

/* The parser lets nothing through before it has shown all tracks. */
static GstPadProbeReturn note_all_tracks(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    (void)pad;
    (void)info;
    g_atomic_int_set(&((struct sound *)data)->all_tracks, 1);
    return GST_PAD_PROBE_REMOVE;
}

static void take_track(GstElement *parser, GstPad *pad, gpointer data)
{
    struct sound *sound = data;
    GstCaps *caps = gst_pad_get_current_caps(pad);
    const gchar *name = caps && gst_caps_get_size(caps)
                            ? gst_structure_get_name(gst_caps_get_structure(caps, 0))
                            : "";
    (void)parser;
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, note_all_tracks, sound, NULL);
    if (!g_str_has_prefix(name, "audio/") || !link_track(sound, pad, caps)) {
        GstElement *nowhere = add_element(sound, "fakesink");
        GstPad *in = gst_element_get_static_pad(nowhere, "sink");
        gst_element_sync_state_with_parent(nowhere);
        gst_pad_link(pad, in);
        gst_object_unref(in);
    }
    if (caps)
        gst_caps_unref(caps);
}

struct sound *sound_add(GstElement *pipeline, GstElement *container, const char *path,
                        char *message)
{
    GstElement *input = gst_element_factory_make("filesrc", NULL);
    GstElement *parser = gst_element_factory_make("parsebin", NULL);
    if (!input || !parser) {
        gst_clear_object(&input);
        gst_clear_object(&parser);
        message_set(message, "its sound is left out: install gstreamer1.0-plugins-base");
        return NULL;
    }
    struct sound *sound = g_new0(struct sound, 1);
    g_mutex_init(&sound->mutex);
    sound->pipeline = pipeline;
    sound->container = gst_object_ref(container);
    sound->bin = gst_bin_new("sound");
    sound->input = input;
    sound->end = GST_CLOCK_TIME_NONE;
    g_object_set(input, "location", path, NULL);
    gst_bin_add_many(GST_BIN(sound->bin), input, parser, NULL);
    gst_element_link(input, parser);
    g_signal_connect(parser, "pad-added", G_CALLBACK(take_track), sound);
    gst_bin_add(GST_BIN(pipeline), sound->bin);
    return sound;
}

void sound_await(struct sound *sound, char *message)
{
    for (int waited_ms = 0; waited_ms < AWAIT_MS && !g_atomic_int_get(&sound->all_tracks);
         waited_ms += SLICE_MS)
        g_usleep(SLICE_MS * 1000);
    g_mutex_lock(&sound->mutex);
    if (sound->refused)
        message_set(message, "its sound (%s) does not go into such a film and is left out",
                    sound->refused);
    g_mutex_unlock(&sound->mutex);
}

GstObject *sound_elements(struct sound *sound)
{
    return GST_OBJECT(sound->bin);
}

void sound_stop(struct sound *sound, double time_s)
{
    g_mutex_lock(&sound->mutex);
    sound->end = time_s > 0 ? (GstClockTime)llround(time_s * (double)GST_SECOND) : 0;
    g_mutex_unlock(&sound->mutex);
    gst_element_send_event(sound->input, gst_event_new_eos());
}

void sound_free(struct sound *sound)
{
    gst_clear_object(&sound->container);
    g_mutex_clear(&sound->mutex);
    g_free(sound->refused);
    g_free(sound);
}
