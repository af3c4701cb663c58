/* SPDX-License-Identifier: Apache-2.0 */
/* Decodes the next pictures in threads while the network runs; hands them out in the order of the
 * list. A stream in the list is as many pictures as come out of it. */
#ifndef TOOLS_PICTURES_H
#define TOOLS_PICTURES_H

#include "pictures/source_paths.h"

struct picture {
    char *name;         /* the list's path; of a stream "stdin:0" and so on */
    size_t source;      /* its place in the list */
    bool streamed;      /* it came out of a stream */
    size_t number;      /* then: of it, from 0 on */
    octet_image *image; /* NULL when the file could not be read */
    octet_status status;
    char *message; /* then: why */
    double decode_ms;
};

struct pictures;

/* Starts decoding `sources`, which must stay. At most `ahead` (1 or more) pictures are held
 * decoded, and one more for each thread but the first. */
int pictures_open(struct app *app, const struct sources *sources, size_t ahead,
                  struct pictures **pictures);

/* Waits for the next picture; false past the end, and when a signal came (app_interrupted()) while
 * it waited. The caller frees it, before pictures_close(). */
bool pictures_next(struct pictures *pictures, struct picture *picture);

void picture_free(struct picture *picture);

/* Ends the threads, wherever they are, and frees pictures that nobody took. Threads that wait for
 * an input which does not come are left alone when the program is to end. Accepts a pointer to
 * NULL. */
void pictures_close(struct pictures **pictures);

#endif
