/* SPDX-License-Identifier: Apache-2.0 */
/* NumPy's .npy files (format 1.0 to 3.0, C order, little-endian). */
#ifndef TOOLS_NPY_FILE_H
#define TOOLS_NPY_FILE_H

#include "app/output_file.h"

#define NPY_RANK_MAX 6

enum npy_type { NPY_UINT8, NPY_FLOAT32 };

struct npy {
    enum npy_type type;
    int rank;
    size_t shape[NPY_RANK_MAX];
    size_t count; /* elements */
    void *data;   /* aligned as malloc() aligns */
};

/* Reads the whole file; a failure is reported. The caller frees with npy_free(). */
int npy_read(struct app *app, const char *path, struct npy *array);
void npy_free(struct npy *array);

/* Opens `file` and writes the header of a float32 array; the elements follow by output_write(). */
int npy_begin(struct output_file *file, struct app *app, const char *path, const size_t *shape,
              int rank);

#endif
