/* SPDX-License-Identifier: Apache-2.0 */
/* Runs engines over pictures, and finds out how well each one's boxes agree with those of one.
 * Nothing here prints. */
#ifndef TOOLS_JUDGES_H
#define TOOLS_JUDGES_H

#include <stddef.h>

#include "models/class_match.h"

#define SURE_SCORE 0.25 /* boxes of the reference from here on count */

struct judged_engine {
    const octet_engine *engine;
    octet_session *session; /* of one picture */
};

struct judges {
    octet_context *context;
    const struct judged_engine *engines;
    size_t count, reference;           /* whose boxes are taken for true */
    octet_detections **found;          /* by each engine */
    size_t pictures;                   /* so far */
    const struct class_match *classes; /* NULL: boxes keep the model's classes; else only those that
                                          the ground truth knows are kept, with its ids */
    size_t boxes;                      /* that the reference is sure of; set by judges_score() */
    const char *message;               /* of the last failure; stands until the next call */
};

/* `engines`, all of one model, must stay; `reference` is one of them. Frees with judges_close(),
 * also on failure. */
octet_status judges_open(struct judges *judges, octet_context *context,
                         const struct judged_engine *engines, size_t count, size_t reference);

/* Runs all engines on the picture, which gets a number of its own. */
octet_status judges_add(struct judges *judges, const octet_image *image);

/* The same with the picture's id in the ground truth. */
octet_status judges_add_as(struct judges *judges, const octet_image *image, int64_t id);

/* Sets ap[count], 0 to 1, or -1 where the reference is sure of nothing; of that one, too. */
octet_status judges_score(struct judges *judges, double *ap);

/* Accepts a zeroed struct. */
void judges_close(struct judges *judges);

#endif
