/* SPDX-License-Identifier: Apache-2.0 */
/* The pictures of a training: those that are learnt from, and those that it is judged on. */
#ifndef TOOLS_TUNE_PICTURES_H
#define TOOLS_TUNE_PICTURES_H

#include <stdint.h>

#include "tune/tune_arguments.h"
#include "tune/tune_labels.h"

struct tune_pictures {
    const struct sources *all; /* of the two below */
    struct sources sources;    /* without labels */
    struct tune_labels labels; /* with labels */
    bool has_labels;
    struct sources readable; /* of them all; paths are borrowed */
    size_t bad;              /* those that cannot be read */
    size_t *learnt, *held;   /* places among them all */
    size_t learnt_count, held_count;
    uint64_t list; /* tells lists apart, and labels */
};

/* Finds them, and reads each once: one that cannot be read is told, left out, and counted against
 * --max-bad. Refuses films, too few, and labels that no picture has. Returns a status. */
int tune_pictures_find(struct app *app, const struct tune_arguments *arguments,
                       const octet_model *model, struct tune_pictures *pictures);

/* Accepts a zeroed struct. */
void tune_pictures_close(struct tune_pictures *pictures);

#endif
