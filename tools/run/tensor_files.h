/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the layers' outputs of `octet run` as .npy files, one a layer, picture after picture. */
#ifndef TOOLS_TENSOR_FILES_H
#define TOOLS_TENSOR_FILES_H

#include "pictures/inputs.h"
#include "run/npy_file.h"

struct tensor_file {
    char *name; /* the file's name without folder and ".npy" */
    const char *tensor;
    bool wanted, open;
    struct output_file file;
};

struct tensor_files {
    struct app *app;
    const char *folder;
    size_t pictures; /* that will come */
    struct tensor_file *layers;
    int layer_count;
    float *row; /* one channel of one tensor */
    size_t row_capacity;
    bool failed;
};

/* `list`: "all", or tensors' names with commas between, as inspect shows them or as the files are
 * called. Returns a status; an unknown name is wrong usage. Files appear when tensor_files_commit()
 * succeeds. */
int tensor_files_open(struct tensor_files *files, struct app *app, const octet_engine *engine,
                      const char *list);

/* Refuses files that would take the place of an input. Returns a status. */
int tensor_files_protect(const struct tensor_files *files, struct inputs *inputs);

/* An octet_observer: `user` is the struct tensor_files.
 * Stops the run when a file cannot be opened. */
int tensor_files_observe(void *user, int index, int layer, const octet_tensor_view *view);

int tensor_files_commit(struct tensor_files *files);

/* Removes what was not committed; frees. Accepts a zeroed struct. */
void tensor_files_close(struct tensor_files *files);

#endif
