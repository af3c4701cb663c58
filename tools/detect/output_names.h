/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that come of each source are called. */
#ifndef TOOLS_OUTPUT_NAMES_H
#define TOOLS_OUTPUT_NAMES_H

#include "pictures/sources.h"

struct output_name {
    char *stem; /* the source's name without its ending; "street-2" where "street" was taken */
    /* of the picture with boxes: ".png" and so on as the source's, or ".jpg"; of the film ".mkv"
     * and so on, or ".mp4" */
    char *ending;
};

struct output_names {
    struct output_name *name; /* of each source */
    size_t count, numbered;   /* sources, and those whose name was taken */
    const char **table;       /* the stems by hash */
    size_t mask;
};

/* No stem comes twice, so that labels, crops and results of two pictures never mix; letters that
 * differ in case only count as the same. Very long names are cut. */
void output_names_make(struct output_names *names, const struct sources *sources);

/* Whether a source has this stem. */
bool output_names_has(const struct output_names *names, const char *stem);

/* Accepts a zeroed struct. */
void output_names_free(struct output_names *names);

#endif
