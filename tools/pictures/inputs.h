/* SPDX-License-Identifier: Apache-2.0 */
/* What a run reads, so that nothing it writes takes the place of that. */
#ifndef TOOLS_INPUTS_H
#define TOOLS_INPUTS_H

#include <sys/types.h>

#include "app/options.h"
#include "pictures/sources.h"

struct inputs {
    struct input {
        dev_t device;
        ino_t inode;
        char *path;
    } * files;
    size_t count, capacity;
    size_t data_files; /* of the app's, added so far */
    bool sorted;
};

/* Notes the files beside a model that were read with it, for all inputs of this run. */
void inputs_note_model(struct app *app, const octet_model *model);

/* Adds a file, unless `path` is NULL or nothing is there. */
void inputs_add(struct inputs *inputs, const char *path);

/* Adds the pictures, and the lists and data.yamls that named them. */
void inputs_add_sources(struct inputs *inputs, const struct sources *sources);

/* Refuses an output that is one of the inputs, under whatever name. `sources` are SOURCEs that are
 * read as well, or NULL; they are looked through only where something stands at `output`. Returns
 * a status; the problem is reported. */
int inputs_protect(struct app *app, struct inputs *inputs, const struct texts *sources,
                   const char *output);

/* Refuses two outputs of one place, which one of them would lose. */
int inputs_check_outputs(struct app *app, const char *first, const char *second);

void inputs_free(struct inputs *inputs);

#endif
