/* SPDX-License-Identifier: Apache-2.0 */
/* The frames of a list of sources, one after another. The next ones are decoded in threads while
 * the network runs, and handed out in the order of the list. */
#ifndef TOOLS_PICTURES_H
#define TOOLS_PICTURES_H

#include "app/app.h"
#include "pictures/picture_frame.h"
#include "pictures/source_paths.h"

struct pictures;

struct pictures_settings {
    size_t ahead;     /* pictures held decoded, 1 or more; one more for each thread but the first */
    bool keep_planes; /* films' frames come as planes, not as pictures */
};

/* Starts decoding `sources`, which must stay. */
int pictures_open(struct app *app, const struct sources *sources, struct pictures_settings settings,
                  struct pictures **pictures);

/* Waits for the next frame; false past the end, and when a signal came (app_interrupted()) while
 * it waited. The caller frees it, before pictures_close(). */
bool pictures_next(struct pictures *pictures, struct frame *frame);

/* Ends the threads, wherever they are, and frees pictures that nobody took. Threads that wait for
 * an input which does not come are left alone when the program is to end. Accepts a pointer to
 * NULL. */
void pictures_close(struct pictures **pictures);

#endif
