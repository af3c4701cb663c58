/* SPDX-License-Identifier: Apache-2.0 */
/* Draws boxes with their labels into pictures, and writes those. */
#include "draw/draw.h"

#include <cairo.h>
#include <math.h>
#include <stdlib.h>

#include "app/json_print.h"
#include "app/paths.h"
#include "app/terminal_text.h"
#include "draw/canvas.h"
#include "draw/draw_labels.h"
#include "draw/draw_style.h"
#include "draw/jpeg_file.h"
#include "draw/label_font.h"

#define SEAM_OPACITY 0.45
#define TITLE_LINES 1.8       /* of the font's size: the band above a picture */
#define TITLE_GROUND 0x1c1c1e /* 0xRRGGBB */

struct drawer {
    struct app *app;
    const octet_engine *engine;
    struct draw_settings settings;
    struct label_font *font; /* NULL without labels */
};

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
    canvas_frame(canvas, &box, style->line, style_color(found->class_id), 1);
}

static struct canvas canvas_of(cairo_surface_t *surface)
{
    cairo_surface_flush(surface);
    return (struct canvas){
        cairo_image_surface_get_data(surface), cairo_image_surface_get_width(surface),
        cairo_image_surface_get_height(surface), cairo_image_surface_get_stride(surface)};
}

/* The best detection is drawn last; labels lie above all boxes. */
static void draw_all(const struct drawer *drawer, const struct canvas *canvas,
                     const struct drawing *drawing)
{
    struct style style = style_choose(canvas->width, canvas->height, drawer->settings.line_width);
    for (int i = drawing->count - 1; i >= 0; i--)
        draw_box(canvas, &style, &drawing->detections[i]);
    const struct label_maker maker = {drawer->engine, drawer->font, drawer->settings.no_scores};
    if (drawer->font)
        draw_labels(&maker, canvas, &style, drawing->detections, drawing->count);
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
        const struct canvas canvas = canvas_of(surface);
        draw_all(drawer, &canvas, drawing);
        cairo_surface_mark_dirty(surface);
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

/* The title above a half, as much of it as there is room for. */
static void draw_title(const struct drawer *drawer, const struct canvas *half,
                       const struct style *style, const char *title)
{
    if (!drawer->font)
        return;
    json_t *valid = json_text(title);
    char *text = app_strdup(json_string_value(valid));
    json_decref(valid);
    text_clean(text);
    cairo_surface_t *words = label_font_render(drawer->font, text, style->font,
                                               fmax(1, half->width - 2 * style->padding), true);
    canvas_paint(half, words, (int)lround(style->padding), (int)lround(style->padding * 0.5));
    cairo_surface_destroy(words);
    free(text);
}

/* One half of the surface: its title, and the picture with its boxes. */
static void draw_half(const struct drawer *drawer, const struct canvas *whole, int left, int top,
                      const struct drawing *drawing, const char *title)
{
    const int width = octet_image_width(drawing->image);
    const int height = octet_image_height(drawing->image);
    const struct style style = style_choose(width, height, drawer->settings.line_width);
    struct canvas half = {whole->data + 4 * (size_t)left, width, top, whole->stride};
    draw_title(drawer, &half, &style, title);
    half.data += (size_t)top * (size_t)whole->stride;
    half.height = height;
    copy_pixels(drawing->image, 0, 0, width, height, half.data, half.stride);
    draw_all(drawer, &half, drawing);
}

/* Both halves; NULL: reported. `name` is what messages call it. */
static cairo_surface_t *draw_beside(struct drawer *drawer, const struct drawing sides[2],
                                    const char *const titles[2], const char *name)
{
    const int width = octet_image_width(sides[0].image);
    const int height = octet_image_height(sides[0].image);
    const struct style style = style_choose(width, height, 0);
    const int top = (int)lround(style.font * TITLE_LINES), gap = (int)lround(style.font / 2);
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, 2 * width + gap, height + top);
    const cairo_status_t made = cairo_surface_status(surface);
    if (made != CAIRO_STATUS_SUCCESS) {
        app_fail(drawer->app, "%s: the pictures could not be drawn: %s", name,
                 cairo_status_to_string(made));
        cairo_surface_destroy(surface);
        return NULL;
    }
    const struct canvas whole = canvas_of(surface);
    const struct rectangle all = {0, 0, whole.width, whole.height};
    canvas_fill(&whole, &all, TITLE_GROUND, 1);
    for (int i = 0; i < 2; i++)
        draw_half(drawer, &whole, i * (width + gap), top, &sides[i], titles[i]);
    cairo_surface_mark_dirty(surface);
    return surface;
}

int draw_beside_to_file(struct drawer *drawer, const struct drawing sides[2],
                        const char *const titles[2], const char *path)
{
    cairo_surface_t *surface = draw_beside(drawer, sides, titles, path);
    const int status = surface ? write_surface(drawer->app, surface, path) : STATUS_FAILED;
    cairo_surface_destroy(surface);
    return status;
}

/* No wider than that; the surface given is destroyed. */
static cairo_surface_t *shrink(cairo_surface_t *surface, int width_most)
{
    const int width = cairo_image_surface_get_width(surface);
    const double scale = (double)width_most / width;
    if (scale >= 1)
        return surface;
    const int height = (int)lround(cairo_image_surface_get_height(surface) * scale);
    cairo_surface_t *small =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, width_most, height > 0 ? height : 1);
    cairo_t *cairo = cairo_create(small);
    cairo_scale(cairo, scale, scale);
    cairo_set_source_surface(cairo, surface, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cairo), CAIRO_FILTER_GOOD);
    cairo_paint(cairo);
    cairo_destroy(cairo);
    cairo_surface_flush(small);
    cairo_surface_destroy(surface);
    return small;
}

/* The picture at that width at most, with boxes and labels in sizes that suit it. */
static cairo_surface_t *draw_small(struct drawer *drawer, const struct drawing *drawing,
                                   int width_most)
{
    cairo_surface_t *surface = shrink(surface_of(drawing->image), width_most);
    if (cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS)
        return surface;
    const struct canvas canvas = canvas_of(surface);
    const float scale = (float)canvas.width / (float)octet_image_width(drawing->image);
    octet_detection *boxes = app_alloc((size_t)drawing->count + 1, sizeof *boxes);
    for (int i = 0; i < drawing->count; i++) {
        boxes[i] = drawing->detections[i];
        boxes[i].x1 *= scale;
        boxes[i].y1 *= scale;
        boxes[i].x2 *= scale;
        boxes[i].y2 *= scale;
    }
    draw_all(drawer, &canvas, &(struct drawing){drawing->image, boxes, drawing->count});
    cairo_surface_mark_dirty(surface);
    free(boxes);
    return surface;
}

/* NULL, or what is wrong. */
static const char *make_jpeg(cairo_surface_t *surface, int quality, struct made_jpeg *made)
{
    if (cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS)
        return cairo_status_to_string(cairo_surface_status(surface));
    const struct jpeg_pixels pixels = {
        cairo_image_surface_get_data(surface), cairo_image_surface_get_width(surface),
        cairo_image_surface_get_height(surface), cairo_image_surface_get_stride(surface)};
    made->width = pixels.width;
    made->height = pixels.height;
    return jpeg_make(&pixels, quality, &made->bytes, &made->size);
}

int draw_to_jpeg(struct drawer *drawer, const struct drawing *drawing, const char *name,
                 const struct small_jpeg *wanted, struct made_jpeg *made)
{
    /* the first that is small enough, or the last */
    static const struct {
        double width;
        int quality;
    } steps[] = {{1, 0}, {1, -10}, {0.8, -10}, {0.7, -16}, {0.6, -22}, {0.5, -28}, {0.35, -34}};
    const char *problem = NULL;
    *made = (struct made_jpeg){0};
    for (size_t i = 0; i < sizeof steps / sizeof *steps && !problem; i++) {
        free(made->bytes);
        *made = (struct made_jpeg){0};
        cairo_surface_t *surface =
            draw_small(drawer, drawing, (int)lround(steps[i].width * wanted->width_most));
        problem = make_jpeg(surface, wanted->quality + steps[i].quality, made);
        cairo_surface_destroy(surface);
        if (made->size <= wanted->bytes_most)
            break;
    }
    if (!problem)
        return STATUS_DONE;
    free(made->bytes);
    *made = (struct made_jpeg){0};
    return app_fail(drawer->app, "%s: the picture could not be made: %s", name, problem);
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
        names[i] = label_class_text(engine, i);
    label_font_try(drawer->font, (const char *const *)names, (size_t)info.class_count);
    for (int i = 0; i < info.class_count; i++)
        free(names[i]);
    free(names);
}

struct label_font *drawer_font(struct drawer *drawer)
{
    return drawer->font;
}

void drawer_close(struct drawer **drawer)
{
    if (!*drawer)
        return;
    label_font_close(&(*drawer)->font);
    free(*drawer);
    *drawer = NULL;
}
