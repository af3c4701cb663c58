/* SPDX-License-Identifier: Apache-2.0 */
/* Runs engines over pictures, and finds out how well each one's boxes agree with those of one.
 * Nothing here prints. */
#ifndef TOOLS_JUDGES_H
#define TOOLS_JUDGES_H

#include <stddef.h>

#include <octet/octet.h>

struct judged_engine {
    const octet_engine *engine;
    octet_session *session; /* of one picture */
};

struct judges {
    octet_context *context;
    const struct judged_engine *engines;
    size_t count, reference;  /* whose boxes are taken for true */
    octet_detections **found; /* by each engine */
    size_t pictures;          /* so far */
    size_t boxes;             /* that the reference is sure of; set by judges_score() */
    const char *message;      /* of the last failure; stands until the next call */
};

/* `engines`, all of one model, must stay; `reference` is one of them. Frees with judges_close(),
 * also on failure. */
octet_status judges_open(struct judges *judges, octet_context *context,
                         const struct judged_engine *engines, size_t count, size_t reference);

/* Runs all engines on the picture. */
octet_status judges_add(struct judges *judges, const octet_image *image);

/* Sets ap[count], 0 to 1, or -1 where the reference is sure of nothing; of that one, too. */
octet_status judges_score(struct judges *judges, double *ap);

/* Accepts a zeroed struct. */
void judges_close(struct judges *judges);

#endif
