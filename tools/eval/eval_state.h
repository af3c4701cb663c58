/* SPDX-License-Identifier: Apache-2.0 */
/* `octet eval`: what was asked for, and what there is of it. */
#ifndef TOOLS_EVAL_STATE_H
#define TOOLS_EVAL_STATE_H

#include "app/json_print.h"
#include "app/options.h"
#include "models/class_match.h"
#include "models/eval_set.h"
#include "models/size_tally.h"
#include "models/sized_sessions.h"

struct eval_arguments {
    const char *annotations, *images, *data, *split, *detections, *classes, *save;
    struct shard shard;
    const char *output;     /* the part that a shard writes */
    bool merge;             /* the operands are parts */
    double min_ap, max_bad; /* min_ap below 0: not given */
    struct input_size size;
    bool rect;
};

struct part_writer;

/* An evaluation. */
struct eval_run {
    struct app *app;
    const struct eval_arguments *arguments;
    const char *model; /* NULL: none was run */
    const char *ground_truth;
    json_t *facts; /* of the model's run, see eval_facts.h */
    octet_engine *engine;
    struct sized_sessions sessions;
    struct size_tally tally;
    struct eval_set set;
    struct class_match classes;
    octet_detections *detections;
    struct part_writer *part; /* of a shard: where results go, in place of `detections` */
    int64_t *done;            /* ids of the pictures that took part */
    size_t done_count;
    size_t other_size; /* pictures of another size than the annotations say */
    double seconds;
};

#endif
