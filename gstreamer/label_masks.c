/* SPDX-License-Identifier: Apache-2.0 */
/* Lays out labels' words and keeps their masks. */
#include "label_masks.h"

#ifdef OCTET_HAS_PANGO

#include <pango/pangocairo.h>

#define FONT "Sans Bold"
#define MASKS_MOST 256 /* kept: names with scores in hundredths come again soon */

struct label_masks {
    PangoContext *context;
    PangoFontDescription *font;
    gint width;
    GHashTable *masks; /* struct paint_mask by text */
};

static void free_mask(gpointer data)
{
    struct paint_mask *mask = data;
    g_free(mask->coverage);
    g_free(mask);
}

struct label_masks *label_masks_new(gint font_size, gint width)
{
    struct label_masks *masks = g_new0(struct label_masks, 1);
    PangoFontMap *fonts = pango_cairo_font_map_new(); /* not the thread's: threads come and go */
    masks->context = pango_font_map_create_context(fonts);
    masks->font = pango_font_description_from_string(FONT);
    masks->width = width;
    masks->masks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_mask);
    pango_font_description_set_absolute_size(masks->font, (gdouble)font_size * PANGO_SCALE);
    g_object_unref(fonts);
    return masks;
}

static PangoLayout *lay_out(struct label_masks *masks, const gchar *text)
{
    PangoLayout *layout = pango_layout_new(masks->context);
    gchar *valid = g_utf8_make_valid(text, -1);
    gint width;
    pango_layout_set_font_description(layout, masks->font);
    pango_layout_set_single_paragraph_mode(layout, TRUE);
    pango_layout_set_text(layout, valid, -1);
    g_free(valid);
    pango_layout_get_pixel_size(layout, &width, NULL);
    if (width > masks->width) {
        pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_MIDDLE);
        pango_layout_set_width(layout, masks->width * PANGO_SCALE);
    }
    return layout;
}

/* A mask without pixels where there is no room for a letter. */
static struct paint_mask *draw(struct label_masks *masks, const gchar *text)
{
    struct paint_mask *mask = g_new0(struct paint_mask, 1);
    PangoLayout *layout = lay_out(masks, text);
    pango_layout_get_pixel_size(layout, &mask->width, &mask->height);
    mask->width = MIN(mask->width, masks->width);
    mask->stride = cairo_format_stride_for_width(CAIRO_FORMAT_A8, MAX(mask->width, 1));
    mask->coverage = g_malloc0((gsize)mask->stride * (gsize)MAX(mask->height, 1));
    cairo_surface_t *surface = cairo_image_surface_create_for_data(
        mask->coverage, CAIRO_FORMAT_A8, mask->width, mask->height, mask->stride);
    cairo_t *cairo = cairo_create(surface);
    cairo_set_source_rgba(cairo, 0, 0, 0, 1);
    pango_cairo_show_layout(cairo, layout);
    cairo_destroy(cairo);
    cairo_surface_finish(surface);
    cairo_surface_destroy(surface);
    g_object_unref(layout);
    return mask;
}

const struct paint_mask *label_masks_get(struct label_masks *masks, const gchar *text)
{
    struct paint_mask *mask = g_hash_table_lookup(masks->masks, text);
    if (mask)
        return mask->width > 0 ? mask : NULL;
    if (g_hash_table_size(masks->masks) >= MASKS_MOST)
        g_hash_table_remove_all(masks->masks);
    mask = draw(masks, text);
    g_hash_table_insert(masks->masks, g_strdup(text), mask);
    return mask->width > 0 ? mask : NULL;
}

void label_masks_free(struct label_masks **masks)
{
    if (!*masks)
        return;
    g_hash_table_unref((*masks)->masks);
    pango_font_description_free((*masks)->font);
    g_object_unref((*masks)->context);
    g_free(*masks);
    *masks = NULL;
}

#else

struct label_masks *label_masks_new(gint font_size, gint width)
{
    (void)font_size;
    (void)width;
    return NULL;
}

const struct paint_mask *label_masks_get(struct label_masks *masks, const gchar *text)
{
    (void)masks;
    (void)text;
    return NULL;
}

void label_masks_free(struct label_masks **masks)
{
    *masks = NULL;
}

#endif
