/* SPDX-License-Identifier: Apache-2.0 */
/* The film with boxes that comes of a film or a camera: one at a time, in the order of sources. */
#ifndef TOOLS_DETECT_FILM_H
#define TOOLS_DETECT_FILM_H

#include "draw/draw.h"
#include "draw/film_file.h"
#include "pictures/sources.h"

struct detect_film {
    struct film_file *file; /* NULL: none is being written */
    bool is_open;           /* a film of `source` was begun, well or not */
    size_t source;
    bool has_failed;
};

/* Adds a frame of frame->image with boxes to the film at `path`, which begins with the source's
 * first frame. A film that cannot be written does not end the run: it is told once, and
 * film->has_failed is set. Returns a status. */
int detect_film_add(struct detect_film *film, struct app *app, const struct sources *sources,
                    struct drawer *drawer, const struct frame *frame, const struct drawing *drawing,
                    const char *path);

/* Ends the film that is being written. */
void detect_film_finish(struct detect_film *film, bool is_whole);

#endif
