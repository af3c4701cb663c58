/* SPDX-License-Identifier: Apache-2.0 */
/* Labels of a data.yaml, as a training takes them. */
#ifndef TOOLS_TUNE_LABELS_H
#define TOOLS_TUNE_LABELS_H

#include "models/class_match.h"
#include "models/eval_set.h"

struct tune_labels {
    struct app *app;
    struct eval_set set;
    struct class_match classes;
    int *index_of; /* [classes of the truth]: the model's, or -1 */
    struct label_range {
        size_t first, end; /* of the truth's boxes */
        bool is_read;
    } * ranges;            /* [pictures] */
    octet_tune_box *boxes; /* of the picture at hand */
    size_t capacity;
};

/* Opens the labels of a split, of whose classes the model (as an engine) has some. Returns a
 * status. */
int tune_labels_open(struct app *app, const char *data, const char *split, double max_bad,
                     const octet_engine *engine, struct tune_labels *labels);

/* The boxes of picture `index` of the set, whose image is given: valid until the next call.
 * Returns a status. */
int tune_labels_of(struct tune_labels *labels, size_t index, const octet_image *image,
                   const octet_tune_box **boxes, int *count);

/* Accepts a zeroed struct. */
void tune_labels_close(struct tune_labels *labels);

#endif
