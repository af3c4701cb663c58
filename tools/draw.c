/* SPDX-License-Identifier: Apache-2.0 */
#include "draw.h"

#include <cairo.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jpeg.h"
#include "json.h"
#include "sources.h"

/* Bright, and far apart for classes that often stand together. */
static const uint32_t palette[] = {0xff3b30, 0x0a84ff, 0x34c759, 0xff9f0a, 0xbf5af2,
                                   0x64d2ff, 0xffd60a, 0xff5fa2, 0x30d5c8, 0xa2845e,
                                   0x5e5ce6, 0x9be564, 0xff8ad8, 0xb0b7c3, 0x00b894,
                                   0xe17055, 0x8ecae6, 0xd4a5ff, 0xf4a261, 0x2a9d8f};

/* Sizes in pixels, from the picture's. */
struct style {
    double line, halo, font, padding;
    int width, height;
};

/* A label is kept off this many others at most: beyond, all is full anyway. */
#define LABELS_COMPARED 300

struct label {
    char *text;
    double x, y, width, height, baseline, font; /* pixels */
};

static struct style choose_style(int width, int height)
{
    double mean = (width + height) / 2.0;
    struct style style = {.width = width, .height = height};
    style.line = fmax(1.5, mean * 0.0032);
    style.halo = fmax(1, style.line * 0.5);
    style.font = fmax(mean < 256 ? 9 : 11.5, mean * 0.018);
    style.padding = style.font * 0.28;
    return style;
}

static void set_color(cairo_t *cairo, int class_id)
{
    uint32_t color = palette[(size_t)class_id % (sizeof palette / sizeof *palette)];
    cairo_set_source_rgb(cairo, (color >> 16 & 255) / 255.0, (color >> 8 & 255) / 255.0,
                         (color & 255) / 255.0);
}

/* Black on bright colours, white on dark ones. */
static void set_text_color(cairo_t *cairo, int class_id)
{
    uint32_t color = palette[(size_t)class_id % (sizeof palette / sizeof *palette)];
    double luma = 0.299 * (color >> 16 & 255) + 0.587 * (color >> 8 & 255) + 0.114 * (color & 255);
    double ink = luma > 125 ? 0.05 : 1;
    cairo_set_source_rgb(cairo, ink, ink, ink);
}

static cairo_surface_t *surface_of(const octet_image *image)
{
    int width = octet_image_width(image), height = octet_image_height(image);
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    if (cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS)
        return surface;
    cairo_surface_flush(surface);
    int stride = cairo_image_surface_get_stride(surface);
    unsigned char *data = cairo_image_surface_get_data(surface);
    const uint8_t *rgb = octet_image_pixels(image);
    for (int y = 0; y < height; y++) {
        unsigned char *row = data + (size_t)y * (size_t)stride;
        for (int x = 0; x < width; x++, rgb += 3) {
            uint32_t pixel = (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
            memcpy(row + 4 * (size_t)x, &pixel, sizeof pixel);
        }
    }
    cairo_surface_mark_dirty(surface);
    return surface;
}

static void draw_box(cairo_t *cairo, const struct style *style, const octet_detection *found)
{
    cairo_rectangle(cairo, found->x1, found->y1, found->x2 - found->x1, found->y2 - found->y1);
    cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
    cairo_set_source_rgba(cairo, 0, 0, 0, 0.45);
    cairo_set_line_width(cairo, style->line + style->halo);
    cairo_stroke_preserve(cairo);
    set_color(cairo, found->class_id);
    cairo_set_line_width(cairo, style->line);
    cairo_stroke(cairo);
}

/* "person 0.91"; cairo takes valid UTF-8 only, which json_text() makes of any text. */
static char *label_text(const octet_engine *engine, const octet_detection *found)
{
    const char *name = octet_engine_class_name(engine, found->class_id);
    json_t *clean = json_text(name);
    char *text = name[0] ? app_printf("%s %.2f", json_string_value(clean), found->score)
                         : app_printf("%d %.2f", found->class_id, found->score);
    json_decref(clean);
    return text;
}

/* Sets the font size, smaller than usual where the text is wider than the picture, and measures. */
static struct label measure_label(cairo_t *cairo, const struct style *style, char *words)
{
    struct label label = {.text = words, .font = style->font};
    cairo_text_extents_t text;
    cairo_font_extents_t font;
    cairo_set_font_size(cairo, label.font);
    cairo_text_extents(cairo, words, &text);
    if (text.x_advance + 2 * style->padding > style->width && text.x_advance > 0) {
        label.font *= fmax(0.4, (style->width - 2 * style->padding) / text.x_advance);
        cairo_set_font_size(cairo, label.font);
        cairo_text_extents(cairo, words, &text);
    }
    cairo_font_extents(cairo, &font);
    label.width = text.x_advance + 2 * style->padding;
    label.height = font.ascent + font.descent + style->padding * 0.4;
    label.baseline = font.ascent + style->padding * 0.2;
    return label;
}

static bool overlaps(const struct label *a, const struct label *b)
{
    return a->x < b->x + b->width && b->x < a->x + a->width && a->y < b->y + b->height &&
           b->y < a->y + a->height;
}

/* Above the box, inside at its top, below it, inside at its bottom: the first of these places that
 * lies in the picture and hides no label placed before. A label would cover a low box: then inside
 * comes last. Where nothing fits, above or at the top of the picture. */
static void place_label(struct label *label, const struct style *style,
                        const octet_detection *found, const struct label *placed, int count)
{
    double edge = style->line / 2;
    double above = found->y1 - edge - label->height, below = found->y2 + edge;
    double top = found->y1 - edge, bottom = found->y2 + edge - label->height;
    bool low = found->y2 - found->y1 < 2.5 * label->height;
    const double places[] = {above, low ? below : top, low ? top : below, bottom};
    label->x = fmax(0, fmin(found->x1 - edge, style->width - label->width));
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        label->y = places[i];
        bool free_place = label->y >= 0 && label->y + label->height <= style->height;
        for (int j = 0; j < count && j < LABELS_COMPARED && free_place; j++)
            free_place = !overlaps(label, &placed[j]);
        if (free_place)
            return;
    }
    label->y = fmin(fmax(0, above), fmax(0, style->height - label->height));
}

static void draw_label(cairo_t *cairo, const struct style *style, const struct label *label,
                       int class_id)
{
    set_color(cairo, class_id);
    cairo_rectangle(cairo, label->x, label->y, label->width, label->height);
    cairo_fill(cairo);
    set_text_color(cairo, class_id);
    cairo_set_font_size(cairo, label->font);
    cairo_move_to(cairo, label->x + style->padding, label->y + label->baseline);
    cairo_show_text(cairo, label->text);
}

/* The best detection is drawn last; labels lie above all boxes. */
static void draw_all(cairo_t *cairo, const struct drawing *drawing)
{
    int count = drawing->count;
    const octet_detection *found = drawing->detections;
    struct label *labels = app_alloc((size_t)count, sizeof *labels);
    struct style style =
        choose_style(octet_image_width(drawing->image), octet_image_height(drawing->image));
    cairo_select_font_face(cairo, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_BOLD);
    for (int i = count - 1; i >= 0; i--)
        draw_box(cairo, &style, &found[i]);
    for (int i = 0; i < count; i++) {
        labels[i] = measure_label(cairo, &style, label_text(drawing->engine, &found[i]));
        place_label(&labels[i], &style, &found[i], labels, i);
    }
    for (int i = count - 1; i >= 0; i--) {
        draw_label(cairo, &style, &labels[i], found[i].class_id);
        free(labels[i].text);
    }
    free(labels);
}

static cairo_status_t write_bytes(void *file, const unsigned char *bytes, unsigned int size)
{
    output_write(file, bytes, size);
    return CAIRO_STATUS_SUCCESS;
}

static int write_surface(struct app *app, cairo_surface_t *surface, const char *path)
{
    static const char *const png[] = {"png", NULL};
    struct output_file file;
    int status = output_open(&file, app, path);
    if (status != STATUS_DONE)
        return status;
    const char *problem = NULL;
    if (path_has_extension(path, png)) {
        cairo_status_t result = cairo_surface_write_to_png_stream(surface, write_bytes, &file);
        problem = result == CAIRO_STATUS_SUCCESS ? NULL : cairo_status_to_string(result);
    } else {
        struct jpeg_pixels pixels = {
            cairo_image_surface_get_data(surface), cairo_image_surface_get_width(surface),
            cairo_image_surface_get_height(surface), cairo_image_surface_get_stride(surface)};
        problem = jpeg_write(&file, &pixels);
    }
    if (!problem)
        return output_commit(&file);
    output_abandon(&file);
    return app_fail(app, "%s: the picture could not be made: %s", path, problem);
}

int draw_to_file(struct app *app, const struct drawing *drawing, const char *path)
{
    cairo_surface_t *surface = surface_of(drawing->image);
    cairo_t *cairo = cairo_create(surface);
    draw_all(cairo, drawing);
    cairo_status_t result = cairo_status(cairo);
    cairo_destroy(cairo);
    cairo_surface_flush(surface);
    int status = result == CAIRO_STATUS_SUCCESS
                     ? write_surface(app, surface, path)
                     : app_fail(app, "%s: the picture could not be drawn: %s", path,
                                cairo_status_to_string(result));
    cairo_surface_destroy(surface);
    return status;
}
