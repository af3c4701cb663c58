/* SPDX-License-Identifier: Apache-2.0 */
/* How near an engine is to the float model on pictures that nothing is learnt from. */
#ifndef TOOLS_TUNE_JUDGE_H
#define TOOLS_TUNE_JUDGE_H

#include "tune/tune_arguments.h"
#include "tune/tune_labels.h"

struct tune_judge;

struct tune_judge_settings {
    const octet_model *model;
    struct input_size size;
    char *const *paths; /* of all pictures, files, which must stay */
    const size_t *held; /* those that nothing is learnt from, by their places in `paths` */
    size_t count;
    struct tune_labels *labels; /* of `paths`, or NULL */
};

/* Runs the float model; pictures that cannot be read are left out and told. Fails where it is sure
 * of nothing in them, or labels have no box. Returns a status. */
int tune_judge_open(struct app *app, const struct tune_judge_settings *settings,
                    struct tune_judge **judge);

/* The float model's own figures: of AP alone. */
double tune_judge_float_ap(const struct tune_judge *judge);

/* Returns a status; an interruption leaves the figures undone. */
int tune_judge_engine(struct tune_judge *judge, const octet_engine *engine,
                      struct tune_figures *figures);

/* Boxes that the float model is sure of, in all pictures. */
size_t tune_judge_boxes(const struct tune_judge *judge);

/* Accepts a pointer to NULL. */
void tune_judge_close(struct tune_judge **judge);

#endif
