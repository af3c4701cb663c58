/* SPDX-License-Identifier: Apache-2.0 */
/* octetoverlay: a transform in place that draws the regions of interest of its buffers into their
 * frames. Buffers without any pass as they are. */
#include "overlay_element.h"

#include "draw_regions.h"
#include "video_frames.h"

GST_DEBUG_CATEGORY_STATIC(octetoverlay_debug);
#define GST_CAT_DEFAULT octetoverlay_debug

#define LINE_WIDTH_MOST 100
#define FONT_SIZE_MOST 500

enum { PROPERTY_LABELS = 1, PROPERTY_SCORES, PROPERTY_LINE_WIDTH, PROPERTY_FONT_SIZE };

struct _GstOctetOverlay {
    GstBaseTransform parent;
    struct drawing_properties properties; /* under the object's lock */
    GstVideoInfo info;                    /* of the streaming thread, as the next */
    struct region_drawer *drawer;         /* NULL before caps are known */
};

G_DEFINE_TYPE(GstOctetOverlay, gst_octet_overlay, GST_TYPE_BASE_TRANSFORM)

static void set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
    GstOctetOverlay *self = GST_OCTET_OVERLAY(object);
    GST_OBJECT_LOCK(self);
    switch (id) {
    case PROPERTY_LABELS:
        self->properties.labels = g_value_get_boolean(value);
        break;
    case PROPERTY_SCORES:
        self->properties.scores = g_value_get_boolean(value);
        break;
    case PROPERTY_LINE_WIDTH:
        self->properties.line_width = g_value_get_int(value);
        break;
    case PROPERTY_FONT_SIZE:
        self->properties.font_size = g_value_get_int(value);
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
    GST_OBJECT_UNLOCK(self);
}

static void get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    GstOctetOverlay *self = GST_OCTET_OVERLAY(object);
    GST_OBJECT_LOCK(self);
    switch (id) {
    case PROPERTY_LABELS:
        g_value_set_boolean(value, self->properties.labels);
        break;
    case PROPERTY_SCORES:
        g_value_set_boolean(value, self->properties.scores);
        break;
    case PROPERTY_LINE_WIDTH:
        g_value_set_int(value, self->properties.line_width);
        break;
    case PROPERTY_FONT_SIZE:
        g_value_set_int(value, self->properties.font_size);
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
    GST_OBJECT_UNLOCK(self);
}

static gboolean set_caps(GstBaseTransform *base, GstCaps *input, GstCaps *output)
{
    GstOctetOverlay *self = GST_OCTET_OVERLAY(base);
    (void)output; /* they are the same */
    region_drawer_free(&self->drawer);
    if (!gst_video_info_from_caps(&self->info, input) || !video_fits(&self->info)) {
        GST_ERROR_OBJECT(self, "cannot take %" GST_PTR_FORMAT, (void *)input);
        return FALSE;
    }
    self->drawer = region_drawer_new(&self->info);
    return TRUE;
}

static gboolean stop(GstBaseTransform *base)
{
    region_drawer_free(&GST_OCTET_OVERLAY(base)->drawer);
    return TRUE;
}

/* Frames are the same on both sides: upstream may use downstream's memory. */
static gboolean propose_allocation(GstBaseTransform *base, GstQuery *decided, GstQuery *query)
{
    (void)decided;
    return GST_BASE_TRANSFORM_CLASS(gst_octet_overlay_parent_class)
        ->propose_allocation(base, NULL, query);
}

static GstFlowReturn transform_ip(GstBaseTransform *base, GstBuffer *buffer)
{
    GstOctetOverlay *self = GST_OCTET_OVERLAY(base);
    GstVideoFrame frame;
    if (!gst_buffer_get_video_region_of_interest_meta(buffer))
        return GST_FLOW_OK;
    if (!gst_video_frame_map(&frame, &self->info, buffer,
                             (GstMapFlags)(GST_MAP_READWRITE | GST_VIDEO_FRAME_MAP_FLAG_NO_REF))) {
        GST_ELEMENT_ERROR(self, STREAM, FORMAT, ("a buffer that holds no frame of its caps"),
                          (NULL));
        return GST_FLOW_ERROR;
    }
    GST_OBJECT_LOCK(self);
    const struct drawing_properties properties = self->properties;
    GST_OBJECT_UNLOCK(self);
    draw_regions(self->drawer, &properties, &frame);
    gst_video_frame_unmap(&frame);
    return GST_FLOW_OK;
}

static void install_properties(GObjectClass *class)
{
    const GParamFlags flags =
        (GParamFlags)(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
    class->set_property = set_property;
    class->get_property = get_property;
    g_object_class_install_property(class, PROPERTY_LABELS,
                                    g_param_spec_boolean("labels", "Labels",
                                                         "Write what each box holds beside it",
                                                         TRUE, flags));
    g_object_class_install_property(class, PROPERTY_SCORES,
                                    g_param_spec_boolean("scores", "Scores",
                                                         "Write the confidence behind the label",
                                                         TRUE, flags));
    g_object_class_install_property(
        class, PROPERTY_LINE_WIDTH,
        g_param_spec_int("line-width", "Line width",
                         "Pixels of the boxes' lines; 0: by the frame's size", 0, LINE_WIDTH_MOST,
                         0, flags));
    g_object_class_install_property(
        class, PROPERTY_FONT_SIZE,
        g_param_spec_int("font-size", "Font size",
                         "Pixels of the labels' letters; 0: by the frame's size", 0, FONT_SIZE_MOST,
                         0, flags));
}

static void gst_octet_overlay_class_init(GstOctetOverlayClass *class)
{
    GstBaseTransformClass *transform = GST_BASE_TRANSFORM_CLASS(class);
    GstElementClass *element = GST_ELEMENT_CLASS(class);
    GST_DEBUG_CATEGORY_INIT(octetoverlay_debug, "octetoverlay", 0, "octet's overlay");
    install_properties(G_OBJECT_CLASS(class));
    gst_element_class_set_static_metadata(
        element, "octet overlay", "Filter/Editor/Video",
        "Draws the regions of interest of buffers, as octetdetect writes them, into their frames",
        "octet's authors");
    video_add_pads(element);
    transform->set_caps = set_caps;
    transform->stop = stop;
    transform->propose_allocation = propose_allocation;
    transform->transform_ip = transform_ip;
    transform->passthrough_on_same_caps = FALSE;
}

static void gst_octet_overlay_init(GstOctetOverlay *self)
{
    self->properties = (struct drawing_properties){.labels = TRUE, .scores = TRUE};
    gst_video_info_init(&self->info);
    gst_base_transform_set_in_place(GST_BASE_TRANSFORM(self), TRUE);
}
