/* SPDX-License-Identifier: Apache-2.0 */
/* `octet eval`: what was asked for, and the model's run over the pictures. */
#ifndef TOOLS_EVAL_RUN_H
#define TOOLS_EVAL_RUN_H

#include "app/options.h"
#include "models/class_match.h"
#include "models/eval_set.h"
#include "models/size_tally.h"
#include "models/sized_sessions.h"

struct eval_arguments {
    const char *annotations, *images, *data, *split, *detections, *classes, *save;
    double min_ap, max_bad; /* min_ap below 0: not given */
    struct input_size size;
    bool rect;
};

/* The model over the pictures. */
struct eval_run {
    struct app *app;
    const struct eval_arguments *arguments;
    const char *model; /* NULL: none was run */
    octet_engine *engine;
    struct sized_sessions sessions;
    struct size_tally tally;
    struct eval_set set;
    struct class_match classes;
    octet_detections *detections;
    int64_t *done; /* ids of the pictures that took part */
    size_t done_count;
    size_t other_size; /* pictures of another size than the annotations say */
    double seconds;
};

/* Runs all pictures; fills detections, done and seconds. */
int eval_run_pictures(struct eval_run *run);

#endif
