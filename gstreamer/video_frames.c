/* SPDX-License-Identifier: Apache-2.0 */
/* Reads format, planes and colorimetry of a mapped video frame. */
#include "video_frames.h"

#include <octet/image.h>

G_STATIC_ASSERT(OCTET_IMAGE_SIDE_MAX == 32767); /* as VIDEO_CAPS says it */

static gboolean find_format(GstVideoFormat video, octet_pixel_format *format)
{
    switch (video) {
    case GST_VIDEO_FORMAT_NV12:
        *format = OCTET_PIXEL_NV12;
        return TRUE;
    case GST_VIDEO_FORMAT_I420:
        *format = OCTET_PIXEL_I420;
        return TRUE;
    case GST_VIDEO_FORMAT_YUY2:
        *format = OCTET_PIXEL_YUY2;
        return TRUE;
    case GST_VIDEO_FORMAT_RGB:
        *format = OCTET_PIXEL_RGB;
        return TRUE;
    case GST_VIDEO_FORMAT_BGR:
        *format = OCTET_PIXEL_BGR;
        return TRUE;
    default:
        return FALSE;
    }
}

/* BT.2020 and SMPTE 240M lie nearer to BT.709 than to BT.601. */
static octet_yuv_matrix matrix_of(GstVideoColorMatrix matrix)
{
    switch (matrix) {
    case GST_VIDEO_COLOR_MATRIX_BT709:
    case GST_VIDEO_COLOR_MATRIX_SMPTE240M:
    case GST_VIDEO_COLOR_MATRIX_BT2020:
        return OCTET_YUV_BT709;
    default:
        return OCTET_YUV_BT601;
    }
}

void video_add_pads(GstElementClass *element)
{
    GstCaps *caps = gst_caps_from_string(VIDEO_CAPS);
    gst_element_class_add_pad_template(
        element, gst_pad_template_new("sink", GST_PAD_SINK, GST_PAD_ALWAYS, caps));
    gst_element_class_add_pad_template(
        element, gst_pad_template_new("src", GST_PAD_SRC, GST_PAD_ALWAYS, caps));
    gst_caps_unref(caps);
}

gboolean video_fits(const GstVideoInfo *info)
{
    octet_pixel_format format;
    const gint width = GST_VIDEO_INFO_WIDTH(info), height = GST_VIDEO_INFO_HEIGHT(info);
    return find_format(GST_VIDEO_INFO_FORMAT(info), &format) && width >= 1 && height >= 1 &&
           width <= OCTET_IMAGE_SIDE_MAX && height <= OCTET_IMAGE_SIDE_MAX &&
           (guint64)width * (guint64)height <= OCTET_IMAGE_PIXELS_MAX;
}

gboolean video_frame_take(const GstVideoFrame *video, octet_frame *frame)
{
    const GstVideoColorimetry *colorimetry = &video->info.colorimetry;
    *frame = (octet_frame){.width = GST_VIDEO_FRAME_WIDTH(video),
                           .height = GST_VIDEO_FRAME_HEIGHT(video),
                           .matrix = matrix_of(colorimetry->matrix),
                           .range = colorimetry->range == GST_VIDEO_COLOR_RANGE_0_255
                                        ? OCTET_YUV_FULL
                                        : OCTET_YUV_LIMITED};
    if (!find_format(GST_VIDEO_FRAME_FORMAT(video), &frame->format))
        return FALSE;
    for (guint plane = 0; plane < GST_VIDEO_FRAME_N_PLANES(video); plane++) {
        const gint stride = GST_VIDEO_FRAME_PLANE_STRIDE(video, plane);
        if (stride <= 0)
            return FALSE;
        frame->planes[plane] = GST_VIDEO_FRAME_PLANE_DATA(video, plane);
        frame->strides[plane] = (size_t)stride;
    }
    return TRUE;
}
