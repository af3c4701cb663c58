/* SPDX-License-Identifier: Apache-2.0 */
/* Draws boxes with their labels into pictures, and writes those. */
#include "draw/draw.h"

#include <cairo.h>
#include <stdlib.h>

#include "app/paths.h"
#include "draw/canvas.h"
#include "draw/draw_labels.h"
#include "draw/draw_style.h"
#include "draw/jpeg_file.h"
#include "draw/label_font.h"

#define SEAM_OPACITY 0.45

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

/* The best detection is drawn last; labels lie above all boxes. */
static void draw_all(const struct drawer *drawer, cairo_surface_t *surface,
                     const struct drawing *drawing)
{
    const struct canvas canvas = {
        cairo_image_surface_get_data(surface), cairo_image_surface_get_width(surface),
        cairo_image_surface_get_height(surface), cairo_image_surface_get_stride(surface)};
    struct style style = style_choose(canvas.width, canvas.height, drawer->settings.line_width);
    cairo_surface_flush(surface);
    for (int i = drawing->count - 1; i >= 0; i--)
        draw_box(&canvas, &style, &drawing->detections[i]);
    const struct label_maker maker = {drawer->engine, drawer->font, drawer->settings.no_scores};
    if (drawer->font)
        draw_labels(&maker, &canvas, &style, drawing->detections, drawing->count);
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
        names[i] = label_class_text(engine, i);
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
