/* SPDX-License-Identifier: Apache-2.0 */
/* Draws boxes with their labels: sizes by the picture, colours by the class. */
#include "draw/draw.h"

#include <cairo.h>
#include <math.h>
#include <stdlib.h>

#include "app/json_print.h"
#include "app/paths.h"
#include "app/terminal_text.h"
#include "draw/canvas.h"
#include "draw/jpeg_file.h"
#include "draw/label_font.h"

#define WIDTH_ANY 1e6
#define SEAM_OPACITY 0.45

/* Sizes, in shares of the mean of the picture's sides and pixels at least. */
#define LINE_SHARE 0.0032
#define LINE_LEAST 1.5
#define HALO_SHARE 0.5 /* of the line */
#define FONT_SHARE 0.018
#define FONT_LEAST 11.5
#define FONT_LEAST_SMALL 9 /* in pictures below SMALL_PICTURE */
#define SMALL_PICTURE 256
#define PADDING_SHARE 0.28  /* of the font's size */
#define LUMA_WHITE_MOST 125 /* text is white on colours up to this luma (ITU-R BT.601), of 255 */
#define FONT_SIZE_LEAST 0.6 /* of the usual, where the text is wider than the picture */

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
    cairo_surface_t *text;
    double x, y, width, height; /* pixels */
};

struct drawer {
    struct app *app;
    const octet_engine *engine;
    struct draw_settings settings;
    struct label_font *font; /* NULL without labels */
};

static struct style choose_style(int width, int height, double line_width)
{
    double mean = (width + height) / 2.0;
    struct style style = {.width = width, .height = height};
    style.line = line_width > 0 ? line_width : fmax(LINE_LEAST, mean * LINE_SHARE);
    style.halo = fmax(1, style.line * HALO_SHARE);
    style.font = fmax(mean < SMALL_PICTURE ? FONT_LEAST_SMALL : FONT_LEAST, mean * FONT_SHARE);
    style.padding = style.font * PADDING_SHARE;
    return style;
}

static uint32_t color_of(int class_id)
{
    return palette[(size_t)class_id % (sizeof palette / sizeof *palette)];
}

/* White on dark colours, black on bright ones. */
static bool takes_white_text(int class_id)
{
    uint32_t color = color_of(class_id);
    double luma = 0.299 * (color >> 16 & 255) + 0.587 * (color >> 8 & 255) + 0.114 * (color & 255);
    return luma <= LUMA_WHITE_MOST;
}

static cairo_surface_t *surface_of(const octet_image *image)
{
    int width = octet_image_width(image), height = octet_image_height(image);
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    if (cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS)
        return surface;
    cairo_surface_flush(surface);
    copy_pixels(image, 0, 0, width, height, cairo_image_surface_get_data(surface),
                cairo_image_surface_get_stride(surface));
    cairo_surface_mark_dirty(surface);
    return surface;
}

/* A dark seam keeps the line apart from a picture of its colour. */
static void draw_box(const struct canvas *canvas, const struct style *style,
                     const octet_detection *found)
{
    const struct rectangle box = {found->x1, found->y1, found->x2, found->y2};
    canvas_frame(canvas, &box, style->line + style->halo, 0, SEAM_OPACITY);
    canvas_frame(canvas, &box, style->line, color_of(found->class_id), 1);
}

/* "person", or the class' number where it has no name. Pango takes valid UTF-8 only, which
 * json_text() makes of any text. */
static char *class_text(const octet_engine *engine, int class_id)
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

static char *label_text(const struct drawer *drawer, const octet_detection *found)
{
    char *name = class_text(drawer->engine, found->class_id);
    if (drawer->settings.no_scores)
        return name;
    char *text = app_printf("%s %.2f", name, found->score);
    free(name);
    return text;
}

/* Text that would take more than half of the picture (and twenty letters' heights) is set smaller,
 * and loses its middle if need be. */
static struct label make_label(const struct drawer *drawer, const struct style *style,
                               const octet_detection *found)
{
    double most = fmax(style->width / 2.0, 20 * style->font);
    double room = fmax(1, fmin(most, style->width - 2 * style->padding));
    bool white = takes_white_text(found->class_id);
    char *words = label_text(drawer, found);
    cairo_surface_t *text = label_font_render(drawer->font, words, style->font, WIDTH_ANY, white);
    double width = cairo_image_surface_get_width(text);
    if (width > room) {
        double size = style->font * fmax(FONT_SIZE_LEAST, room / width);
        cairo_surface_destroy(text);
        text = label_font_render(drawer->font, words, size, room, white);
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
    canvas_fill(canvas, &area, color_of(class_id), 1);
    canvas_paint(canvas, label->text, (int)lround(label->x + style->padding),
                 (int)lround(label->y + style->padding * 0.2));
}

/* The best one is drawn last. */
static void draw_labels(const struct drawer *drawer, const struct canvas *canvas,
                        const struct style *style, const struct drawing *drawing)
{
    int count = drawing->count;
    const octet_detection *found = drawing->detections;
    struct label *labels = app_alloc((size_t)count, sizeof *labels);
    for (int i = 0; i < count; i++) {
        labels[i] = make_label(drawer, style, &found[i]);
        place_label(&labels[i], style, &found[i], labels, i);
    }
    for (int i = count - 1; i >= 0; i--) {
        draw_label(canvas, style, &labels[i], found[i].class_id);
        cairo_surface_destroy(labels[i].text);
    }
    free(labels);
}

/* The best detection is drawn last; labels lie above all boxes. */
static void draw_all(const struct drawer *drawer, cairo_surface_t *surface,
                     const struct drawing *drawing)
{
    const struct canvas canvas = {
        cairo_image_surface_get_data(surface), cairo_image_surface_get_width(surface),
        cairo_image_surface_get_height(surface), cairo_image_surface_get_stride(surface)};
    struct style style = choose_style(canvas.width, canvas.height, drawer->settings.line_width);
    cairo_surface_flush(surface);
    for (int i = drawing->count - 1; i >= 0; i--)
        draw_box(&canvas, &style, &drawing->detections[i]);
    if (drawer->font)
        draw_labels(drawer, &canvas, &style, drawing);
    cairo_surface_mark_dirty(surface);
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

/* NULL: reported. */
static cairo_surface_t *draw(struct drawer *drawer, const struct drawing *drawing, const char *path)
{
    cairo_surface_t *surface = surface_of(drawing->image);
    cairo_status_t result = cairo_surface_status(surface);
    if (result == CAIRO_STATUS_SUCCESS) {
        draw_all(drawer, surface, drawing);
        return surface;
    }
    app_fail(drawer->app, "%s: the picture could not be drawn: %s", path,
             cairo_status_to_string(result));
    cairo_surface_destroy(surface);
    return NULL;
}

int draw_to_file(struct drawer *drawer, const struct drawing *drawing, const char *path)
{
    cairo_surface_t *surface = draw(drawer, drawing, path);
    int status = surface ? write_surface(drawer->app, surface, path) : STATUS_FAILED;
    cairo_surface_destroy(surface);
    return status;
}

int draw_to_pixels(struct drawer *drawer, const struct drawing *drawing, const char *name,
                   int (*use)(void *user, const unsigned char *pixels, size_t stride), void *user)
{
    cairo_surface_t *surface = draw(drawer, drawing, name);
    int status = surface ? use(user, cairo_image_surface_get_data(surface),
                               (size_t)cairo_image_surface_get_stride(surface))
                         : STATUS_FAILED;
    cairo_surface_destroy(surface);
    return status;
}

struct drawer *drawer_start(struct app *app, const struct draw_settings *settings)
{
    struct drawer *drawer = app_alloc(1, sizeof *drawer);
    *drawer = (struct drawer){.app = app, .settings = *settings};
    if (!settings->no_labels)
        drawer->font = label_font_start(app);
    return drawer;
}

void drawer_begin(struct drawer *drawer, const octet_engine *engine)
{
    octet_info info;
    drawer->engine = engine;
    if (!drawer->font)
        return;
    octet_engine_info(engine, &info);
    char **names = app_alloc((size_t)info.class_count, sizeof *names);
    for (int i = 0; i < info.class_count; i++)
        names[i] = class_text(engine, i);
    label_font_try(drawer->font, (const char *const *)names, (size_t)info.class_count);
    for (int i = 0; i < info.class_count; i++)
        free(names[i]);
    free(names);
}

void drawer_close(struct drawer **drawer)
{
    if (!*drawer)
        return;
    label_font_close(&(*drawer)->font);
    free(*drawer);
    *drawer = NULL;
}
