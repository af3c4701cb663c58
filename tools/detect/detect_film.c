/* SPDX-License-Identifier: Apache-2.0 */
/* Begins, draws and ends the films that detect writes. */
#include "detect/detect_film.h"

static struct film_file *begin(struct app *app, const struct film_request *request,
                               const struct frame *frame, const char *path)
{
    const struct video_target target = {
        .width = octet_image_width(frame->image),
        .height = octet_image_height(frame->image),
        .frame_rate = frame->frame_rate,
        .is_live = frame->is_live,
        .sound = request->kind == VIDEO_FILE ? request->source : NULL,
    };
    return film_file_open(app, request->library, path, target);
}

/* A frame on its way from the drawer to the file. */
struct drawn {
    struct film_file *file;
    const struct frame *frame;
};

static int add_pixels(void *user, const unsigned char *rows, size_t stride)
{
    const struct drawn *drawn = user;
    const struct video_pixels pixels = {rows, stride, octet_image_width(drawn->frame->image),
                                        octet_image_height(drawn->frame->image)};
    return film_file_add(drawn->file, &pixels, drawn->frame->time_s);
}

int detect_film_add(struct detect_film *film, struct app *app, const struct sources *sources,
                    struct drawer *drawer, const struct frame *frame, const struct drawing *drawing,
                    const char *path)
{
    if (film->is_open && film->source != frame->source)
        detect_film_finish(film, true);
    if (!film->is_open) {
        film->file = begin(app, sources_film(sources, frame->source), frame, path);
        film->is_open = true;
        film->source = frame->source;
        if (!film->file)
            return STATUS_FAILED;
    }
    if (!film->file)
        return STATUS_DONE;
    struct drawn drawn = {film->file, frame};
    if (draw_to_pixels(drawer, drawing, path, add_pixels, &drawn) != STATUS_DONE) {
        film_file_finish(&film->file, false);
        film->has_failed = true;
    }
    return STATUS_DONE;
}

void detect_film_finish(struct detect_film *film, bool is_whole)
{
    if (film_file_finish(&film->file, is_whole) != STATUS_DONE)
        film->has_failed = true;
    film->is_open = false;
}
