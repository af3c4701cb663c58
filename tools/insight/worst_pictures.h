/* SPDX-License-Identifier: Apache-2.0 */
/* The pictures whose boxes differ most, kept with their boxes until all are known. */
#ifndef TOOLS_WORST_PICTURES_H
#define TOOLS_WORST_PICTURES_H

#include "draw/draw.h"
#include "insight/box_match.h"
#include "pictures/inputs.h"
#include "pictures/pictures.h"

#define WORST_MAX 64

struct worst_picture {
    char *label, *file; /* `file`: what was drawn, or NULL */
    octet_image *image; /* NULL unless they are drawn */
    octet_detection *boxes[2];
    int counts[2]; /* sure boxes of A and B */
    double difference;
};

struct worst_pictures {
    struct worst_picture pictures[WORST_MAX]; /* the worst first; of equals the earlier */
    size_t count, most;
    bool keep_images;
    bool is_best; /* those that differ least are kept instead, among which those with most boxes */
};

/* Keeps the picture, and with keep_images a copy of its pixels where the frame has them, if it is
 * among the worst; one without difference is not (of the best: one without boxes of A). `boxes` are
 * those of A and B, best first. Returns a status. */
int worst_pictures_offer(struct app *app, struct worst_pictures *worst, const struct frame *frame,
                         const struct found_boxes boxes[2], double sure_score, double difference);

/* Reads the pixels of those that were offered without, whose labels are files' paths. Returns a
 * status. */
int worst_pictures_read(struct app *app, struct worst_pictures *worst);

/* Draws them into the folder, which is there, A's boxes on the left and B's on the right below
 * `titles`, as 01-NAME.jpg and so on; none takes the place of an input. Ends at the first that
 * fails. Returns a status. */
int worst_pictures_draw(struct app *app, struct worst_pictures *worst, struct drawer *drawer,
                        const char *const titles[2], const char *folder, struct inputs *inputs);

void worst_picture_free(struct worst_picture *picture);

/* Accepts a zeroed struct. */
void worst_pictures_free(struct worst_pictures *worst);

#endif
