/* SPDX-License-Identifier: Apache-2.0 */
/* Makes labels of classes and scores, and places them so that none hides another. */
#include "draw/draw_labels.h"

#include <cairo.h>
#include <math.h>
#include <stdlib.h>

#include "app/json_print.h"
#include "app/terminal_text.h"

#define WIDTH_ANY 1e6
#define FONT_SIZE_LEAST 0.6 /* of the usual, where the text is wider than the picture */

/* A label is kept off this many others at most: beyond, all is full anyway. */
#define LABELS_COMPARED 300

struct label {
    cairo_surface_t *text;
    double x, y, width, height; /* pixels */
};

/* Pango takes valid UTF-8 only, which json_text() makes of any text. */
char *label_class_text(const octet_engine *engine, int class_id)
{
    const char *name = octet_engine_class_name(engine, class_id);
    if (!name[0])
        return app_printf("%d", class_id);
    json_t *valid = json_text(name);
    char *text = app_strdup(json_string_value(valid));
    json_decref(valid);
    text_clean(text);
    return text;
}

static char *label_text(const struct label_maker *maker, const octet_detection *found)
{
    char *name = label_class_text(maker->engine, found->class_id);
    if (maker->no_scores)
        return name;
    char *text = app_printf("%s %.2f", name, found->score);
    free(name);
    return text;
}

/* Text that would take more than half of the picture (and twenty letters' heights) is set smaller,
 * and loses its middle if need be. */
static struct label make_label(const struct label_maker *maker, const struct style *style,
                               const octet_detection *found)
{
    double most = fmax(style->width / 2.0, 20 * style->font);
    double room = fmax(1, fmin(most, style->width - 2 * style->padding));
    bool white = style_takes_white_text(found->class_id);
    char *words = label_text(maker, found);
    cairo_surface_t *text = label_font_render(maker->font, words, style->font, WIDTH_ANY, white);
    double width = cairo_image_surface_get_width(text);
    if (width > room) {
        double size = style->font * fmax(FONT_SIZE_LEAST, room / width);
        cairo_surface_destroy(text);
        text = label_font_render(maker->font, words, size, room, white);
    }
    free(words);
    return (struct label){.text = text,
                          .width = cairo_image_surface_get_width(text) + 2 * style->padding,
                          .height = cairo_image_surface_get_height(text) + style->padding * 0.4};
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

static void draw_label(const struct canvas *canvas, const struct style *style,
                       const struct label *label, int class_id)
{
    const struct rectangle area = {label->x, label->y, label->x + label->width,
                                   label->y + label->height};
    canvas_fill(canvas, &area, style_color(class_id), 1);
    canvas_paint(canvas, label->text, (int)lround(label->x + style->padding),
                 (int)lround(label->y + style->padding * 0.2));
}

void draw_labels(const struct label_maker *maker, const struct canvas *canvas,
                 const struct style *style, const octet_detection *found, int count)
{
    struct label *labels = app_alloc((size_t)count, sizeof *labels);
    for (int i = 0; i < count; i++) {
        labels[i] = make_label(maker, style, &found[i]);
        place_label(&labels[i], style, &found[i], labels, i);
    }
    for (int i = count - 1; i >= 0; i--) {
        draw_label(canvas, style, &labels[i], found[i].class_id);
        cairo_surface_destroy(labels[i].text);
    }
    free(labels);
}
