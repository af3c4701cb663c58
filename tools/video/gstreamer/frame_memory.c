/* SPDX-License-Identifier: Apache-2.0 */
/* Knows which element brings frames out of which device's memory. */
#include "video/gstreamer/frame_memory.h"

/* decodebin plugs decoders alone: a Jetson's, whose frames no other element sees, ends there. */
static const struct memory {
    const char *feature, *device;
    const char *elements[2]; /* the first that is there is taken */
} memories[] = {
    {"memory:NVMM", "NVIDIA's decoder", {"nvvidconv", "nvvideoconvert"}}, /* Jetson; DeepStream */
    {"memory:CUDAMemory", "NVIDIA's decoder", {"cudadownload", NULL}},
    {"memory:VAMemory", "the decoder", {"vapostproc", NULL}},
    {"memory:VASurface", "the decoder", {"vaapipostproc", NULL}},
    {"memory:GLMemory", "the decoder", {"gldownload", NULL}},
};

static const struct memory *memory_of(const GstCaps *caps)
{
    const GstCapsFeatures *features =
        gst_caps_get_size(caps) ? gst_caps_get_features(caps, 0) : NULL;
    for (guint i = 0; features && i < G_N_ELEMENTS(memories); i++)
        if (gst_caps_features_contains(features, memories[i].feature))
            return &memories[i];
    return NULL;
}

GstElement *frame_memory_download(GstElement *pipeline, const GstCaps *caps, const char *layouts)
{
    const struct memory *memory = memory_of(caps);
    GstElement *converter = NULL;
    for (guint i = 0; memory && !converter && i < G_N_ELEMENTS(memory->elements); i++)
        if (memory->elements[i])
            converter = gst_element_factory_make(memory->elements[i], NULL);
    if (!converter) {
        if (memory)
            GST_ELEMENT_ERROR(pipeline, STREAM, WRONG_TYPE,
                              ("%s keeps frames in memory of its own (%s), and there is no '%s' "
                               "here to fetch them",
                               memory->device, memory->feature, memory->elements[0]),
                              (NULL));
        return NULL;
    }
    GstElement *bin = gst_bin_new(NULL), *filter = gst_element_factory_make("capsfilter", NULL);
    GstCaps *wanted = gst_caps_from_string(layouts);
    g_object_set(filter, "caps", wanted, NULL);
    gst_caps_unref(wanted);
    gst_bin_add_many(GST_BIN(bin), converter, filter, NULL);
    gst_element_link(converter, filter);
    GstPad *in = gst_element_get_static_pad(converter, "sink");
    GstPad *out = gst_element_get_static_pad(filter, "src");
    gst_element_add_pad(bin, gst_ghost_pad_new("sink", in));
    gst_element_add_pad(bin, gst_ghost_pad_new("src", out));
    gst_object_unref(in);
    gst_object_unref(out);
    gst_bin_add(GST_BIN(pipeline), bin);
    return bin;
}
