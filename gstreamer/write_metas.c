/* SPDX-License-Identifier: Apache-2.0 */
/* Writes boxes into buffers. */
#include "write_metas.h"

#include <math.h>

#ifdef OCTET_HAS_ANALYTICS
#include <gst/analytics/analytics.h>
#endif

/* An edge to the nearest pixel's. */
static gint whole_edge(gfloat edge, gint most)
{
    return CLAMP((gint)lrintf(edge), 0, most);
}

GstVideoRectangle box_pixels(const octet_detection *detection, const GstVideoInfo *info)
{
    const gint width = GST_VIDEO_INFO_WIDTH(info), height = GST_VIDEO_INFO_HEIGHT(info);
    const gint x = whole_edge(detection->x1, width - 1), y = whole_edge(detection->y1, height - 1);
    return (GstVideoRectangle){.x = x,
                               .y = y,
                               .w = MAX(1, whole_edge(detection->x2, width) - x),
                               .h = MAX(1, whole_edge(detection->y2, height) - y)};
}

GstStructure *box_structure(const struct labelled_box *box, const GstVideoInfo *info)
{
    const octet_detection *found = box->detection;
    const gdouble width = GST_VIDEO_INFO_WIDTH(info), height = GST_VIDEO_INFO_HEIGHT(info);
    return gst_structure_new(DETECTION_STRUCTURE, "class-id", G_TYPE_INT, found->class_id, "label",
                             G_TYPE_STRING, box->label, "confidence", G_TYPE_DOUBLE,
                             (gdouble)found->score, "x-min", G_TYPE_DOUBLE, found->x1 / width,
                             "y-min", G_TYPE_DOUBLE, found->y1 / height, "x-max", G_TYPE_DOUBLE,
                             found->x2 / width, "y-max", G_TYPE_DOUBLE, found->y2 / height, NULL);
}

static void write_region(GstBuffer *buffer, const struct labelled_box *box,
                         const GstVideoInfo *info)
{
    const GstVideoRectangle area = box_pixels(box->detection, info);
    GstVideoRegionOfInterestMeta *region = gst_buffer_add_video_region_of_interest_meta(
        buffer, box->label, (guint)area.x, (guint)area.y, (guint)area.w, (guint)area.h);
    region->id = (gint)(gst_util_seqnum_next() & G_MAXINT);
    gst_video_region_of_interest_meta_add_param(region, box_structure(box, info));
}

#ifdef OCTET_HAS_ANALYTICS
/* An element before may have begun the meta. */
static void write_analytics(GstBuffer *buffer, const struct labelled_box *box,
                            const GstVideoInfo *info)
{
    const GstVideoRectangle area = box_pixels(box->detection, info);
    GstAnalyticsRelationMeta *relations = gst_buffer_get_analytics_relation_meta(buffer);
    GstAnalyticsODMtd detection;
    if (!relations)
        relations = gst_buffer_add_analytics_relation_meta(buffer);
    gst_analytics_relation_meta_add_od_mtd(relations, g_quark_from_string(box->label), area.x,
                                           area.y, area.w, area.h, box->detection->score,
                                           &detection);
}
#endif

void write_box(GstBuffer *buffer, const struct labelled_box *box, const GstVideoInfo *info)
{
    write_region(buffer, box, info);
#ifdef OCTET_HAS_ANALYTICS
    write_analytics(buffer, box, info);
#endif
}
