/* SPDX-License-Identifier: Apache-2.0 */
/* Paints into the components of video frames. */
#include "paint.h"

#include <math.h>
#include <string.h>

/* One component of a frame. */
struct samples {
    guint8 *first;
    gint pixel, row;                /* bytes from one to the next */
    gint width, height;             /* samples */
    guint shift_across, shift_down; /* a sample serves 1 << shift pixels */
};

static struct samples samples_of(GstVideoFrame *frame, guint component)
{
    const GstVideoFormatInfo *format = frame->info.finfo;
    return (struct samples){
        .first = GST_VIDEO_FRAME_COMP_DATA(frame, component),
        .pixel = GST_VIDEO_FRAME_COMP_PSTRIDE(frame, component),
        .row = GST_VIDEO_FRAME_COMP_STRIDE(frame, component),
        .width = GST_VIDEO_FRAME_COMP_WIDTH(frame, component),
        .height = GST_VIDEO_FRAME_COMP_HEIGHT(frame, component),
        .shift_across = GST_VIDEO_FORMAT_INFO_W_SUB(format, component),
        .shift_down = GST_VIDEO_FORMAT_INFO_H_SUB(format, component),
    };
}

static guint8 whole(gdouble value)
{
    return (guint8)CLAMP(lrint(value), 0, 255);
}

struct paint_color paint_color_of(const GstVideoInfo *info, guint32 rgb)
{
    const gdouble red = (rgb >> 16 & 255) / 255.0, green = (rgb >> 8 & 255) / 255.0,
                  blue = (rgb & 255) / 255.0;
    gint offset[GST_VIDEO_MAX_COMPONENTS], scale[GST_VIDEO_MAX_COMPONENTS];
    gdouble kr, kb;
    if (GST_VIDEO_INFO_IS_RGB(info))
        return (struct paint_color){{whole(255 * red), whole(255 * green), whole(255 * blue)}};
    if (!gst_video_color_matrix_get_Kr_Kb(info->colorimetry.matrix, &kr, &kb))
        gst_video_color_matrix_get_Kr_Kb(GST_VIDEO_COLOR_MATRIX_BT601, &kr, &kb);
    gst_video_color_range_offsets(info->colorimetry.range, info->finfo, offset, scale);
    const gdouble luma = kr * red + (1 - kr - kb) * green + kb * blue;
    return (struct paint_color){{whole(offset[0] + scale[0] * luma),
                                 whole(offset[1] + scale[1] * (blue - luma) / (2 * (1 - kb))),
                                 whole(offset[2] + scale[2] * (red - luma) / (2 * (1 - kr)))}};
}

/* Samples of the pixels from `first` up to `end`, of those that there are. */
static void sample_range(gint first, gint end, guint shift, gint samples, gint *from, gint *to)
{
    *from = MAX(first, 0) >> shift;
    *to = end <= 0 ? 0 : MIN((end + (1 << shift) - 1) >> shift, samples);
}

static void fill(const struct samples *samples, const GstVideoRectangle *area, guint8 value)
{
    gint left, right, top, bottom;
    sample_range(area->x, area->x + area->w, samples->shift_across, samples->width, &left, &right);
    sample_range(area->y, area->y + area->h, samples->shift_down, samples->height, &top, &bottom);
    for (gint y = top; y < bottom && left < right; y++) {
        guint8 *row = samples->first + (gsize)y * (gsize)samples->row;
        if (samples->pixel == 1)
            memset(row + left, value, (gsize)(right - left));
        else
            for (gint x = left; x < right; x++)
                row[x * samples->pixel] = value;
    }
}

void paint_rectangle(GstVideoFrame *frame, const GstVideoRectangle *area,
                     const struct paint_color *color)
{
    for (guint component = 0; component < 3; component++) {
        const struct samples samples = samples_of(frame, component);
        fill(&samples, area, color->component[component]);
    }
}

void paint_box(GstVideoFrame *frame, const GstVideoRectangle *box, gint width,
               const struct paint_color *color)
{
    const gint across = MIN(width, box->w), down = MIN(width, box->h);
    const GstVideoRectangle sides[] = {
        {box->x, box->y, box->w, down},
        {box->x, box->y + box->h - down, box->w, down},
        {box->x, box->y, across, box->h},
        {box->x + box->w - across, box->y, across, box->h},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(sides); i++)
        paint_rectangle(frame, &sides[i], color);
}

/* How much of a sample at (x, y) the mask covers, whose corner is at (left, top): the mean over its
 * pixels. */
static guint coverage(const struct samples *samples, gint x, gint y, gint left, gint top,
                      const struct paint_mask *mask)
{
    const gint across = 1 << samples->shift_across, down = 1 << samples->shift_down;
    guint sum = 0;
    for (gint j = 0; j < down; j++)
        for (gint i = 0; i < across; i++) {
            const gint column = x * across + i - left, row = y * down + j - top;
            if (column >= 0 && column < mask->width && row >= 0 && row < mask->height)
                sum += mask->coverage[row * mask->stride + column];
        }
    return sum >> (samples->shift_across + samples->shift_down);
}

static void blend(const struct samples *samples, gint left, gint top, const struct paint_mask *mask,
                  guint8 value)
{
    gint from, to, first, last;
    sample_range(left, left + mask->width, samples->shift_across, samples->width, &from, &to);
    sample_range(top, top + mask->height, samples->shift_down, samples->height, &first, &last);
    for (gint y = first; y < last; y++) {
        guint8 *row = samples->first + (gsize)y * (gsize)samples->row;
        for (gint x = from; x < to; x++) {
            guint8 *sample = row + x * samples->pixel;
            const guint share = coverage(samples, x, y, left, top, mask);
            *sample = (guint8)((*sample * (255 - share) + value * share + 127) / 255);
        }
    }
}

void paint_shapes(GstVideoFrame *frame, gint x, gint y, const struct paint_mask *mask,
                  const struct paint_color *color)
{
    for (guint component = 0; component < 3; component++) {
        const struct samples samples = samples_of(frame, component);
        blend(&samples, x, y, mask, color->component[component]);
    }
}
