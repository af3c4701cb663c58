/* SPDX-License-Identifier: Apache-2.0 */
/* octetdetect: a transform in place that looks at frames and writes the boxes found into their
 * buffers' metas; pixels are read only. */
#include "detect_messages.h"
#include "detect_properties.h"
#include "video_frames.h"
#include "write_metas.h"

GST_DEBUG_CATEGORY_STATIC(octetdetect_debug);
#define GST_CAT_DEFAULT octetdetect_debug

G_DEFINE_TYPE(GstOctetDetect, gst_octet_detect, GST_TYPE_BASE_TRANSFORM)

/* Tells the detector how boxes are selected, where that is news to it. */
static gboolean select_boxes(GstOctetDetect *self)
{
    struct detector_selection selection;
    gchar *message = NULL;
    GST_OBJECT_LOCK(self);
    const gboolean changed = self->properties.selection_changed;
    selection = self->properties.selection;
    selection.classes = changed ? g_strdup(selection.classes) : NULL;
    self->properties.selection_changed = FALSE;
    GST_OBJECT_UNLOCK(self);
    if (!changed)
        return TRUE;
    const octet_status status = stream_detector_select(self->detector, &selection, &message);
    if (status)
        detect_post_error(self, status, message);
    g_free(message);
    g_free(selection.classes);
    return status == OCTET_OK;
}

static gboolean open_detector(GstOctetDetect *self)
{
    gchar *message = NULL;
    GST_OBJECT_LOCK(self);
    gchar *model = g_strdup(self->properties.model), *device = g_strdup(self->properties.device),
          *cache = g_strdup(self->properties.cache);
    const struct detector_settings settings = {.model = model,
                                               .device = device && device[0] ? device : NULL,
                                               .cache = cache && cache[0] ? cache : NULL,
                                               .threads = self->properties.threads,
                                               .rect = self->properties.rect};
    GST_OBJECT_UNLOCK(self);
    octet_status status = OCTET_INVALID_ARGUMENT;
    if (model && model[0])
        status = stream_detector_open(&settings, &self->detector, &message);
    else
        message = g_strdup("no model: set the property 'model' to an engine file (.octet)");
    if (status)
        detect_post_error(self, status, message);
    g_free(message);
    g_free(model);
    g_free(device);
    g_free(cache);
    return status == OCTET_OK;
}

static gboolean stop(GstBaseTransform *base)
{
    GstOctetDetect *self = GST_OCTET_DETECT(base);
    stream_detector_close(&self->detector);
    return TRUE;
}

static gboolean start(GstBaseTransform *base)
{
    GstOctetDetect *self = GST_OCTET_DETECT(base);
    GST_OBJECT_LOCK(self);
    self->properties.selection_changed = TRUE;
    GST_OBJECT_UNLOCK(self);
    detect_reset_qos(self);
    self->frames_to_skip = 0;
    self->processed = self->dropped = 0;
    gst_video_info_init(&self->info);
    if (open_detector(self) && select_boxes(self))
        return TRUE;
    stop(base);
    return FALSE;
}

static gboolean set_caps(GstBaseTransform *base, GstCaps *input, GstCaps *output)
{
    GstOctetDetect *self = GST_OCTET_DETECT(base);
    (void)output; /* they are the same */
    if (gst_video_info_from_caps(&self->info, input) && video_fits(&self->info))
        return TRUE;
    GST_ERROR_OBJECT(self, "cannot take %" GST_PTR_FORMAT, (void *)input);
    return FALSE;
}

/* Frames are the same on both sides: upstream may use downstream's memory. */
static gboolean propose_allocation(GstBaseTransform *base, GstQuery *decided, GstQuery *query)
{
    (void)decided;
    return GST_BASE_TRANSFORM_CLASS(gst_octet_detect_parent_class)
        ->propose_allocation(base, NULL, query);
}

static gboolean sink_event(GstBaseTransform *base, GstEvent *event)
{
    GstOctetDetect *self = GST_OCTET_DETECT(base);
    if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_STOP) {
        detect_reset_qos(self);
        self->frames_to_skip = 0;
    }
    return GST_BASE_TRANSFORM_CLASS(gst_octet_detect_parent_class)->sink_event(base, event);
}

static gboolean src_event(GstBaseTransform *base, GstEvent *event)
{
    if (GST_EVENT_TYPE(event) == GST_EVENT_QOS)
        detect_take_qos(GST_OCTET_DETECT(base), event);
    return GST_BASE_TRANSFORM_CLASS(gst_octet_detect_parent_class)->src_event(base, event);
}

/* A frame that comes too late does not count among those between two that are looked at. */
static gboolean is_its_turn(GstOctetDetect *self, const GstBuffer *buffer)
{
    if (self->frames_to_skip > 0) {
        self->frames_to_skip--;
        return FALSE;
    }
    if (detect_is_late(self, buffer))
        return FALSE;
    GST_OBJECT_LOCK(self);
    self->frames_to_skip = self->properties.interval;
    GST_OBJECT_UNLOCK(self);
    return TRUE;
}

/* Lets the network see the buffer's frame. */
static gboolean look(GstOctetDetect *self, GstBuffer *buffer, const octet_detection **found,
                     int *count)
{
    GstVideoFrame video;
    octet_frame frame;
    octet_status status = OCTET_INVALID_ARGUMENT;
    if (!gst_video_frame_map(&video, &self->info, buffer,
                             (GstMapFlags)(GST_MAP_READ | GST_VIDEO_FRAME_MAP_FLAG_NO_REF))) {
        GST_ELEMENT_ERROR(self, STREAM, FORMAT, ("a buffer that holds no frame of its caps"),
                          (NULL));
        return FALSE;
    }
    if (video_frame_take(&video, &frame)) {
        status = stream_detector_run(self->detector, &frame, found, count);
        if (status)
            detect_post_error(self, status, stream_detector_message(self->detector));
    } else {
        detect_post_error(self, status, "a frame whose rows run from bottom to top");
    }
    gst_video_frame_unmap(&video);
    return status == OCTET_OK;
}

static GstFlowReturn transform_ip(GstBaseTransform *base, GstBuffer *buffer)
{
    GstOctetDetect *self = GST_OCTET_DETECT(base);
    const octet_detection *found;
    int count;
    if (!is_its_turn(self, buffer))
        return GST_FLOW_OK;
    if (!select_boxes(self) || !look(self, buffer, &found, &count))
        return GST_FLOW_ERROR;
    self->processed++;
    for (int i = 0; i < count; i++) {
        const struct labelled_box box = {&found[i],
                                         stream_detector_label(self->detector, found[i].class_id)};
        write_box(buffer, &box, &self->info);
    }
    GST_LOG_OBJECT(self, "%d boxes", count);
    GST_OBJECT_LOCK(self);
    const gboolean message = self->properties.message;
    GST_OBJECT_UNLOCK(self);
    if (message)
        detect_post_boxes(self, buffer, found, count);
    return GST_FLOW_OK;
}

static void finalize(GObject *object)
{
    detect_properties_end(&GST_OCTET_DETECT(object)->properties);
    G_OBJECT_CLASS(gst_octet_detect_parent_class)->finalize(object);
}

static void gst_octet_detect_class_init(GstOctetDetectClass *class)
{
    GstBaseTransformClass *transform = GST_BASE_TRANSFORM_CLASS(class);
    GstElementClass *element = GST_ELEMENT_CLASS(class);
    GST_DEBUG_CATEGORY_INIT(octetdetect_debug, "octetdetect", 0, "octet's detector");
    G_OBJECT_CLASS(class)->finalize = finalize;
    detect_properties_install(G_OBJECT_CLASS(class));
    gst_element_class_set_static_metadata(
        element, "octet object detector", "Filter/Analyzer/Video",
        "Finds objects in video frames with an octet engine (YOLO) and writes their boxes into "
        "the buffers as regions of interest",
        "octet's authors");
    video_add_pads(element);
    transform->start = start;
    transform->stop = stop;
    transform->set_caps = set_caps;
    transform->propose_allocation = propose_allocation;
    transform->sink_event = sink_event;
    transform->src_event = src_event;
    transform->transform_ip = transform_ip;
    transform->passthrough_on_same_caps = FALSE;
}

static void gst_octet_detect_init(GstOctetDetect *self)
{
    detect_properties_begin(&self->properties);
    detect_reset_qos(self);
    gst_video_info_init(&self->info);
    gst_base_transform_set_in_place(GST_BASE_TRANSFORM(self), TRUE);
}
