/* SPDX-License-Identifier: Apache-2.0 */
/* The process that draws text with pango: it answers requests until its pipe ends. */
#include "draw/label_process.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <pango/pangocairo.h>

#include "app/open_library.h"
#include "draw/pipe.h"

/* Opened here, not with the program: most calls of it draw nothing, and it may be missing. */
#define PANGO_LIBRARY "libpangocairo-1.0.so.0"
#define FUNCTIONS(DO)                                                                              \
    DO(pango_cairo_font_map_new)                                                                   \
    DO(pango_font_map_create_context)                                                              \
    DO(pango_layout_new)                                                                           \
    DO(pango_font_description_from_string)                                                         \
    DO(pango_font_description_set_absolute_size)                                                   \
    DO(pango_layout_set_single_paragraph_mode)                                                     \
    DO(pango_layout_set_ellipsize)                                                                 \
    DO(pango_layout_set_font_description)                                                          \
    DO(pango_layout_set_width)                                                                     \
    DO(pango_layout_set_text)                                                                      \
    DO(pango_layout_get_size)                                                                      \
    DO(pango_layout_get_unknown_glyphs_count)                                                      \
    DO(pango_cairo_update_layout)                                                                  \
    DO(pango_cairo_show_layout)

struct pango {
    FUNCTIONS(LIBRARY_DECLARE)
};

static const char *const function_names[] = {FUNCTIONS(LIBRARY_NAME)};

struct painter {
    struct pango pango;
    PangoLayout *layout;
    PangoFontDescription *description;
};

static bool find_functions(struct pango *pango)
{
    return library_open(PANGO_LIBRARY, function_names,
                        sizeof function_names / sizeof *function_names, pango);
}

static void set_text(const struct painter *painter, const char *text, double size, double most)
{
    const struct pango *pango = &painter->pango;
    int width, height;
    pango->pango_font_description_set_absolute_size(painter->description, size * PANGO_SCALE);
    pango->pango_layout_set_font_description(painter->layout, painter->description);
    pango->pango_layout_set_width(painter->layout, -1);
    pango->pango_layout_set_text(painter->layout, text, -1);
    pango->pango_layout_get_size(painter->layout, &width, &height);
    if (width > most * PANGO_SCALE)
        pango->pango_layout_set_width(painter->layout, (int)(most * PANGO_SCALE));
}

/* Whether there is a font at all. */
static bool open_painter(struct painter *painter)
{
    const struct pango *pango = &painter->pango;
    if (!find_functions(&painter->pango))
        return false;
    PangoFontMap *map = pango->pango_cairo_font_map_new();
    painter->layout = pango->pango_layout_new(pango->pango_font_map_create_context(map));
    painter->description = pango->pango_font_description_from_string("sans-serif bold");
    pango->pango_layout_set_single_paragraph_mode(painter->layout, TRUE);
    pango->pango_layout_set_ellipsize(painter->layout, PANGO_ELLIPSIZE_MIDDLE);
    set_text(painter, "0123456789.", 16, LABEL_SIDE_MAX);
    return pango->pango_layout_get_unknown_glyphs_count(painter->layout) == 0;
}

/* Draws the layout; NULL when it cannot be. */
static cairo_surface_t *paint(const struct painter *painter, struct label_reply *reply, bool white)
{
    const struct pango *pango = &painter->pango;
    int width, height;
    pango->pango_layout_get_size(painter->layout, &width, &height);
    reply->width = (int)fmin(ceil((double)width / PANGO_SCALE), LABEL_SIDE_MAX);
    reply->height = (int)fmin(ceil((double)height / PANGO_SCALE), LABEL_SIDE_MAX);
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_ARGB32, reply->width, reply->height);
    cairo_t *cairo = cairo_create(surface);
    double ink = white ? 1 : 0.05;
    cairo_set_source_rgb(cairo, ink, ink, ink);
    pango->pango_cairo_update_layout(cairo, painter->layout);
    pango->pango_cairo_show_layout(cairo, painter->layout);
    cairo_surface_flush(surface);
    bool painted = cairo_status(cairo) == CAIRO_STATUS_SUCCESS;
    cairo_destroy(cairo);
    if (painted)
        return surface;
    cairo_surface_destroy(surface);
    return NULL;
}

static bool answer(const struct painter *painter, const struct label_request *request,
                   const char *text, int replies)
{
    struct label_reply reply = {.has_font = 1};
    set_text(painter, text, request->size, request->width_most);
    reply.missing = painter->pango.pango_layout_get_unknown_glyphs_count(painter->layout);
    cairo_surface_t *surface = paint(painter, &reply, request->white);
    bool sent = surface && pipe_write(replies, &reply, sizeof reply);
    for (int y = 0; sent && y < reply.height; y++) {
        const unsigned char *rows = cairo_image_surface_get_data(surface);
        int stride = cairo_image_surface_get_stride(surface);
        sent = pipe_write(replies, rows + (size_t)y * (size_t)stride, 4 * (size_t)reply.width);
    }
    cairo_surface_destroy(surface);
    return sent;
}

/* What the libraries say of themselves, and the core that a crash leaves, are of no use to anyone;
 * signals to the program end it, and its end is this one's. */
static void stand_apart(void)
{
    const struct rlimit none = {0, 0};
    int nothing = open("/dev/null", O_RDWR);
    for (int descriptor = 0; nothing >= 0 && descriptor <= 2; descriptor++)
        dup2(nothing, descriptor);
    setrlimit(RLIMIT_CORE, &none);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
}

void label_process_run(int requests, int replies)
{
    struct painter painter = {0};
    struct label_request request;
    char *text = malloc(LABEL_TEXT_MAX + 1);
    stand_apart();
    bool has_font = text && open_painter(&painter), going = text != NULL;
    while (going && pipe_read(requests, &request, sizeof request) &&
           request.length <= LABEL_TEXT_MAX && pipe_read(requests, text, request.length)) {
        text[request.length] = '\0';
        const struct label_reply none = {0};
        going = has_font ? answer(&painter, &request, text, replies)
                         : pipe_write(replies, &none, sizeof none);
    }
    _exit(0);
}
