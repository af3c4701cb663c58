/* SPDX-License-Identifier: Apache-2.0 */
/* Reads regions of interest, those of other elements as well, and paints them. */
#include "draw_regions.h"

#include <math.h>

#include "label_masks.h"
#include "paint.h"

/* Bright, and far apart for classes that often stand together. */
static const guint32 palette[] = {0xff3b30, 0x0a84ff, 0x34c759, 0xff9f0a, 0xbf5af2,
                                  0x64d2ff, 0xffd60a, 0xff5fa2, 0x30d5c8, 0xa2845e,
                                  0x5e5ce6, 0x9be564, 0xff8ad8, 0xb0b7c3, 0x00b894,
                                  0xe17055, 0x8ecae6, 0xd4a5ff, 0xf4a261, 0x2a9d8f};

#define WHITE 0xffffff
#define BLACK 0x000000
#define LUMA_WHITE_MOST 125 /* text is white on colours up to this luma (ITU-R BT.601), of 255 */

/* Shares of the mean of the frame's sides, and pixels at least. */
#define LINE_SHARE 0.0032
#define LINE_LEAST 2
#define FONT_SHARE 0.018
#define FONT_LEAST 11
#define PADDING_SHARE 0.28 /* of the font's size */

#define TEXT_BYTES 300

struct region_drawer {
    const GstVideoInfo *info;
    struct label_masks *masks; /* NULL before the first label, as the next */
    gint font_size;
};

/* What is drawn of one region. */
struct region {
    GstVideoRectangle box;
    guint32 color;
    gchar text[TEXT_BYTES]; /* "" for no label */
};

/* The mean of the sides. */
static gdouble frame_size(const struct region_drawer *drawer)
{
    return (GST_VIDEO_INFO_WIDTH(drawer->info) + GST_VIDEO_INFO_HEIGHT(drawer->info)) / 2.0;
}

static guint32 color_of(guint number)
{
    return palette[number % G_N_ELEMENTS(palette)];
}

/* A class' number and confidence, as octetdetect, or GVA's elements, write them beside a region. */
static void read_params(const GstVideoRegionOfInterestMeta *meta, gint *class_id,
                        gdouble *confidence)
{
    for (const GList *at = meta->params; at; at = at->next) {
        const GstStructure *structure = at->data;
        if (!gst_structure_get_int(structure, "class-id", class_id))
            gst_structure_get_int(structure, "label_id", class_id);
        gst_structure_get_double(structure, "confidence", confidence);
    }
}

static void read_region(const GstVideoRegionOfInterestMeta *meta,
                        const struct drawing_properties *properties, struct region *region)
{
    const gchar *name = g_quark_to_string(meta->roi_type);
    gint class_id = -1;
    gdouble confidence = -1;
    read_params(meta, &class_id, &confidence);
    region->box = (GstVideoRectangle){.x = (gint)MIN(meta->x, G_MAXINT16),
                                      .y = (gint)MIN(meta->y, G_MAXINT16),
                                      .w = (gint)MIN(meta->w, G_MAXINT16),
                                      .h = (gint)MIN(meta->h, G_MAXINT16)};
    region->color = color_of(class_id >= 0 ? (guint)class_id : g_str_hash(name ? name : ""));
    region->text[0] = '\0';
    if (!properties->labels)
        return;
    if (properties->scores && confidence >= 0)
        g_snprintf(region->text, TEXT_BYTES, "%s%s%.2f", name ? name : "", name ? " " : "",
                   confidence);
    else
        g_strlcpy(region->text, name ? name : "", TEXT_BYTES);
}

static GArray *read_regions(const struct drawing_properties *properties, GstBuffer *buffer)
{
    GArray *regions = g_array_new(FALSE, FALSE, sizeof(struct region));
    gpointer state = NULL;
    GstMeta *meta;
    while ((meta = gst_buffer_iterate_meta_filtered(buffer, &state,
                                                    GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE))) {
        struct region region;
        read_region((const GstVideoRegionOfInterestMeta *)(void *)meta, properties, &region);
        g_array_append_val(regions, region);
    }
    return regions;
}

/* White on dark colours, black on bright ones. */
static guint32 text_color(guint32 color)
{
    const gdouble luma =
        0.299 * (color >> 16 & 255) + 0.587 * (color >> 8 & 255) + 0.114 * (color & 255);
    return luma <= LUMA_WHITE_MOST ? WHITE : BLACK;
}

/* Above the box where there is room, else inside at its top; never beyond the frame's sides. */
static void draw_label(struct region_drawer *drawer, GstVideoFrame *frame,
                       const struct region *region)
{
    const gint padding = (gint)ceil(drawer->font_size * PADDING_SHARE);
    const struct paint_mask *mask = label_masks_get(drawer->masks, region->text);
    if (!mask)
        return;
    GstVideoRectangle area = {.w = mask->width + 2 * padding, .h = mask->height};
    area.x = CLAMP(region->box.x, 0, MAX(0, GST_VIDEO_INFO_WIDTH(drawer->info) - area.w));
    area.y = region->box.y >= area.h ? region->box.y - area.h : region->box.y;
    const struct paint_color ground = paint_color_of(drawer->info, region->color);
    const struct paint_color letters = paint_color_of(drawer->info, text_color(region->color));
    paint_rectangle(frame, &area, &ground);
    paint_shapes(frame, area.x + padding, area.y, mask, &letters);
}

/* Makes letters of the size that is wanted now. */
static void choose_letters(struct region_drawer *drawer,
                           const struct drawing_properties *properties)
{
    const gint by_frame = MAX(FONT_LEAST, (gint)lrint(frame_size(drawer) * FONT_SHARE));
    const gint size = properties->font_size > 0 ? properties->font_size : by_frame;
    if (drawer->masks && drawer->font_size == size)
        return;
    label_masks_free(&drawer->masks);
    drawer->font_size = size;
    drawer->masks = label_masks_new(size, GST_VIDEO_INFO_WIDTH(drawer->info));
}

void draw_regions(struct region_drawer *drawer, const struct drawing_properties *properties,
                  GstVideoFrame *frame)
{
    GArray *regions = read_regions(properties, frame->buffer);
    const gint by_frame = MAX(LINE_LEAST, (gint)lrint(frame_size(drawer) * LINE_SHARE));
    const gint line = properties->line_width > 0 ? properties->line_width : by_frame;
    for (guint i = regions->len; i-- > 0;) {
        const struct region *region = &g_array_index(regions, struct region, i);
        const struct paint_color color = paint_color_of(drawer->info, region->color);
        paint_box(frame, &region->box, line, &color);
    }
    if (properties->labels)
        choose_letters(drawer, properties);
    for (guint i = regions->len; i-- > 0;) {
        const struct region *region = &g_array_index(regions, struct region, i);
        if (region->text[0])
            draw_label(drawer, frame, region);
    }
    g_array_unref(regions);
}

struct region_drawer *region_drawer_new(const GstVideoInfo *info)
{
    struct region_drawer *drawer = g_new0(struct region_drawer, 1);
    drawer->info = info;
    return drawer;
}

void region_drawer_free(struct region_drawer **drawer)
{
    if (!*drawer)
        return;
    label_masks_free(&(*drawer)->masks);
    g_free(*drawer);
    *drawer = NULL;
}
