/* SPDX-License-Identifier: Apache-2.0 */
/* The encoders and containers that films are written with, the best first. */
#include "video/gstreamer/film_encoder.h"

#include <string.h>

/* x264's constant quality; the others by bits a second. */
static const struct encoder h264[] = {
    {"x264enc", "H.264 by x264enc", "pass=qual quantizer=23 speed-preset=veryfast key-int-max=60",
     "tune=zerolatency", "video/x-h264,profile=high", FALSE},
    {"openh264enc", "H.264 by openh264enc", "rate-control=quality bitrate=6000000 gop-size=60", "",
     "h264parse", TRUE},
    {"avenc_mpeg4", "MPEG-4 part 2 by avenc_mpeg4", "bitrate=8000000", "", "identity", FALSE},
};
static const struct encoder webm[] = {
    {"vp9enc", "VP9 by vp9enc",
     "deadline=1 cpu-used=6 row-mt=true threads=4 end-usage=cq cq-level=30 keyframe-max-dist=120",
     "lag-in-frames=0", "identity", FALSE},
    {"vp8enc", "VP8 by vp8enc",
     "deadline=1 cpu-used=6 threads=4 end-usage=cq cq-level=12 target-bitrate=8000000 "
     "keyframe-max-dist=120",
     "lag-in-frames=0", "identity", FALSE},
};

static gboolean is_there(const char *element)
{
    GstElementFactory *factory = gst_element_factory_find(element);
    if (factory)
        gst_object_unref(factory);
    return factory != NULL;
}

static const struct encoder *find(const struct encoder *encoders, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_there(encoders[i].element) && (!encoders[i].needs_parser || is_there("h264parse")))
            return &encoders[i];
    return NULL;
}

const struct encoder *encoder_find(const char *ending, const char **install)
{
    const struct encoder *found = NULL;
    const gboolean is_matroska = strcmp(ending, "mkv") == 0, is_webm = strcmp(ending, "webm") == 0;
    *install = is_webm ? "gstreamer1.0-plugins-good" : "gstreamer1.0-plugins-ugly (x264enc)";
    if (!is_webm)
        found = find(h264, is_matroska ? G_N_ELEMENTS(h264) - 1 : G_N_ELEMENTS(h264));
    if (!found && (is_webm || is_matroska))
        found = find(webm, G_N_ELEMENTS(webm));
    return found;
}

/* An MP4 is playable at any time: what came last is in fragments until it is finished. */
const char *encoder_container(const char *ending)
{
    static const char mp4[] = "fragment-duration=1000 fragment-mode=first-moov-then-finalise";
    static char containers[2][128];
    if (strcmp(ending, "mkv") == 0)
        return "matroskamux min-cluster-duration=500000000";
    if (strcmp(ending, "webm") == 0)
        return "webmmux min-cluster-duration=500000000";
    const int index = strcmp(ending, "mov") == 0;
    g_snprintf(containers[index], sizeof containers[index], "%s %s", index ? "qtmux" : "mp4mux",
               mp4);
    return containers[index];
}
