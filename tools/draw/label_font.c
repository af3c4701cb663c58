/* SPDX-License-Identifier: Apache-2.0 */
/* Text by the process of label_process.h, or by a plain built-in font where that fails. */
#include "draw/label_font.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/terminal_text.h"
#include "draw/label_process.h"
#include "draw/pipe.h"

#define TRIAL_SIZE 16      /* pixels */
#define PATIENCE_MS 30000  /* the first text may have all fonts of the system looked through */
#define BUILT_IN "@cairo:" /* cairo's own font, which needs no file */
#define BUILT_IN_COLUMNS_LEAST 8

struct label_font {
    struct app *app;
    pid_t process; /* 0: the built-in font */
    int requests, replies;
};

static void stop(struct label_font *font)
{
    if (!font->process)
        return;
    close(font->requests);
    close(font->replies);
    kill(font->process, SIGKILL);
    waitpid(font->process, NULL, 0);
    font->process = 0;
}

struct label_font *label_font_start(struct app *app)
{
    struct label_font *font = app_alloc(1, sizeof *font);
    int requests[2], replies[2];
    font->app = app;
    if (pipe2(requests, O_CLOEXEC) != 0)
        return font;
    if (pipe2(replies, O_CLOEXEC) != 0) {
        close(requests[0]);
        close(requests[1]);
        return font;
    }
    fflush(NULL);
    font->process = fork();
    if (font->process == 0) {
        close(requests[1]);
        close(replies[0]);
        app_signals_in_child(); /* it ends with the program, however that ends */
        label_process_run(requests[0], replies[1]);
    }
    close(requests[0]);
    close(replies[1]);
    font->requests = requests[1];
    font->replies = replies[0];
    if (font->process < 0) {
        close(font->requests);
        close(font->replies);
        font->process = 0;
    }
    return font;
}

/* The surface, or NULL when the process failed, which is said, and is no more. */
static cairo_surface_t *ask(struct label_font *font, const char *text, struct label_request request,
                            struct label_reply *reply)
{
    cairo_surface_t *surface = NULL;
    request.length = (uint32_t)strlen(text);
    bool whole = pipe_write(font->requests, &request, sizeof request) &&
                 pipe_write(font->requests, text, request.length) &&
                 pipe_read_soon(font->replies, reply, sizeof *reply, PATIENCE_MS);
    bool has_font = whole && reply->has_font;
    if (has_font) {
        surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, reply->width, reply->height);
        whole = cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS;
    }
    for (int y = 0; has_font && whole && y < reply->height; y++) {
        unsigned char *rows = cairo_image_surface_get_data(surface);
        rows += (size_t)y * (size_t)cairo_image_surface_get_stride(surface);
        whole = pipe_read_soon(font->replies, rows, 4 * (size_t)reply->width, PATIENCE_MS);
    }
    if (surface && whole) {
        cairo_surface_mark_dirty(surface);
        return surface;
    }
    cairo_surface_destroy(surface);
    stop(font);
    app_say(font->app, "%s: names of classes are drawn in a plain one that has ASCII only",
            whole ? "there is no font here (install libpangocairo-1.0-0 and fonts-dejavu-core, for "
                    "instance)"
                  : "the system's fonts could not be used (out of memory, or a broken font file)");
    return NULL;
}

void label_font_try(struct label_font *font, const char *const *text, size_t count)
{
    const char *example = NULL;
    size_t poor = 0;
    const struct label_request request = {TRIAL_SIZE, LABEL_SIDE_MAX, 0, 0};
    for (size_t i = 0; i < count && font->process; i++) {
        struct label_reply reply = {0};
        cairo_surface_destroy(ask(font, text[i], request, &reply));
        if (reply.missing && poor++ == 0)
            example = text[i];
    }
    if (poor && font->process)
        app_say(font->app,
                "no font here has all letters of %zu of the classes' names, for instance '%s': "
                "install fonts that have (fonts-noto, fonts-noto-cjk)",
                poor, example);
}

static void keep_ascii(char *text)
{
    char *out = text;
    uint32_t character;
    for (int size; *text; text += size) {
        size = text_character(text, &character);
        *out++ = character < 0x80 ? *text : '?';
    }
    *out = '\0';
}

static cairo_t *start_built_in(cairo_surface_t *surface, double size)
{
    cairo_t *cairo = cairo_create(surface);
    cairo_select_font_face(cairo, BUILT_IN, CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_BOLD);
    cairo_set_font_size(cairo, size);
    return cairo;
}

static cairo_surface_t *render_built_in(const char *text, double size, double most, bool white)
{
    cairo_text_extents_t extents;
    cairo_font_extents_t metrics;
    char *ascii = app_strdup(text);
    keep_ascii(ascii);
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, 1, 1);
    cairo_t *cairo = start_built_in(surface, size);
    cairo_font_extents(cairo, &metrics);
    cairo_text_extents(cairo, ascii, &extents);
    for (int columns = text_columns(ascii) - 1;
         extents.x_advance > most && columns >= BUILT_IN_COLUMNS_LEAST; columns--) {
        text_shorten(ascii, columns);
        cairo_text_extents(cairo, ascii, &extents);
    }
    cairo_destroy(cairo);
    cairo_surface_destroy(surface);
    surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, (int)ceil(extents.x_advance),
                                         (int)ceil(metrics.ascent + metrics.descent));
    cairo = start_built_in(surface, size);
    double ink = white ? 1 : 0.05;
    cairo_set_source_rgb(cairo, ink, ink, ink);
    cairo_move_to(cairo, 0, metrics.ascent);
    cairo_show_text(cairo, ascii);
    cairo_destroy(cairo);
    free(ascii);
    return surface;
}

cairo_surface_t *label_font_render(struct label_font *font, const char *text, double size,
                                   double width_most, bool white)
{
    struct label_reply reply;
    const struct label_request request = {size, width_most, white, 0};
    cairo_surface_t *surface = NULL;
    if (font->process && strlen(text) <= LABEL_TEXT_MAX)
        surface = ask(font, text, request, &reply);
    return surface ? surface : render_built_in(text, size, width_most, white);
}

void label_font_close(struct label_font **font)
{
    if (!*font)
        return;
    stop(*font);
    free(*font);
    *font = NULL;
}
