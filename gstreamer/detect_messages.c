/* SPDX-License-Identifier: Apache-2.0 */
/* What octetdetect puts on the bus: errors, detections, and frames that it let pass unseen. */
#include "detect_messages.h"

#include "write_metas.h"

#define QUALITY 1000000 /* as GStreamer has it: all of it; frames lose nothing but their boxes */

static GstResourceError error_code(octet_status status)
{
    switch (status) {
    case OCTET_FILE_NOT_FOUND:
        return GST_RESOURCE_ERROR_NOT_FOUND;
    case OCTET_INVALID_ARGUMENT:
    case OCTET_UNSUPPORTED_DEVICE:
    case OCTET_UNSUPPORTED_CPU:
        return GST_RESOURCE_ERROR_SETTINGS;
    case OCTET_FILE_ACCESS:
    case OCTET_FILE_READ:
    case OCTET_BAD_FORMAT:
    case OCTET_UNKNOWN_FORMAT:
    case OCTET_UNSUPPORTED_VERSION:
        return GST_RESOURCE_ERROR_OPEN_READ;
    default:
        return GST_RESOURCE_ERROR_FAILED;
    }
}

void detect_post_error(GstOctetDetect *self, octet_status status, const gchar *message)
{
    gchar *line =
        g_utf8_make_valid(message && message[0] ? message : octet_status_text(status), -1);
    gst_element_message_full(GST_ELEMENT(self), GST_MESSAGE_ERROR, GST_RESOURCE_ERROR,
                             error_code(status), line, g_strdup(octet_status_name(status)),
                             __FILE__, G_STRFUNC, __LINE__);
}

/* The structure of a box with its pixels, as one of a list's values. */
static void append_box(GValue *list, const struct labelled_box *box, const GstVideoInfo *info)
{
    const GstVideoRectangle area = box_pixels(box->detection, info);
    GstStructure *structure = box_structure(box, info);
    GValue value = G_VALUE_INIT;
    gst_structure_set(structure, "x", G_TYPE_INT, area.x, "y", G_TYPE_INT, area.y, "width",
                      G_TYPE_INT, area.w, "height", G_TYPE_INT, area.h, NULL);
    g_value_init(&value, GST_TYPE_STRUCTURE);
    g_value_take_boxed(&value, structure);
    gst_value_list_append_and_take_value(list, &value);
}

void detect_post_boxes(GstOctetDetect *self, const GstBuffer *buffer, const octet_detection *found,
                       int count)
{
    const GstSegment *segment = &GST_BASE_TRANSFORM(self)->segment;
    const GstClockTime time = GST_BUFFER_PTS(buffer);
    GstStructure *structure = gst_structure_new(
        "octet-detections", "timestamp", G_TYPE_UINT64, time, "stream-time", G_TYPE_UINT64,
        gst_segment_to_stream_time(segment, GST_FORMAT_TIME, time), "running-time", G_TYPE_UINT64,
        gst_segment_to_running_time(segment, GST_FORMAT_TIME, time), "duration", G_TYPE_UINT64,
        GST_BUFFER_DURATION(buffer), "width", G_TYPE_INT, GST_VIDEO_INFO_WIDTH(&self->info),
        "height", G_TYPE_INT, GST_VIDEO_INFO_HEIGHT(&self->info), NULL);
    GValue list = G_VALUE_INIT;
    g_value_init(&list, GST_TYPE_LIST);
    for (int i = 0; i < count; i++) {
        const struct labelled_box box = {&found[i],
                                         stream_detector_label(self->detector, found[i].class_id)};
        append_box(&list, &box, &self->info);
    }
    gst_structure_take_value(structure, "detections", &list);
    gst_element_post_message(GST_ELEMENT(self),
                             gst_message_new_element(GST_OBJECT(self), structure));
}

void detect_take_qos(GstOctetDetect *self, GstEvent *event)
{
    gdouble proportion;
    GstClockTimeDiff late;
    GstClockTime time;
    gst_event_parse_qos(event, NULL, &proportion, &late, &time);
    GST_OBJECT_LOCK(self);
    self->proportion = proportion;
    self->earliest = GST_CLOCK_TIME_NONE;
    if (GST_CLOCK_TIME_IS_VALID(time) && (late > 0 || (guint64)-late <= time))
        self->earliest = time + (GstClockTime)late;
    GST_OBJECT_UNLOCK(self);
}

void detect_reset_qos(GstOctetDetect *self)
{
    GST_OBJECT_LOCK(self);
    self->earliest = GST_CLOCK_TIME_NONE;
    self->proportion = 1;
    GST_OBJECT_UNLOCK(self);
}

static void post_late(GstOctetDetect *self, const GstBuffer *buffer, GstClockTime running_time,
                      GstClockTimeDiff jitter, gdouble proportion)
{
    const GstSegment *segment = &GST_BASE_TRANSFORM(self)->segment;
    const GstClockTime time = GST_BUFFER_PTS(buffer);
    GstMessage *message =
        gst_message_new_qos(GST_OBJECT(self), FALSE, running_time,
                            gst_segment_to_stream_time(segment, GST_FORMAT_TIME, time), time,
                            GST_BUFFER_DURATION(buffer));
    gst_message_set_qos_values(message, jitter, proportion, QUALITY);
    gst_message_set_qos_stats(message, GST_FORMAT_BUFFERS, self->processed, self->dropped);
    gst_element_post_message(GST_ELEMENT(self), message);
}

gboolean detect_is_late(GstOctetDetect *self, const GstBuffer *buffer)
{
    const GstSegment *segment = &GST_BASE_TRANSFORM(self)->segment;
    if (segment->format != GST_FORMAT_TIME)
        return FALSE;
    const GstClockTime running_time =
        gst_segment_to_running_time(segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
    GST_OBJECT_LOCK(self);
    const gboolean late = self->properties.qos && GST_CLOCK_TIME_IS_VALID(running_time) &&
                          GST_CLOCK_TIME_IS_VALID(self->earliest) && running_time <= self->earliest;
    const GstClockTimeDiff jitter = late ? GST_CLOCK_DIFF(running_time, self->earliest) : 0;
    const gdouble proportion = self->proportion;
    GST_OBJECT_UNLOCK(self);
    if (!late)
        return FALSE;
    self->dropped++;
    post_late(self, buffer, running_time, jitter, proportion);
    return TRUE;
}
