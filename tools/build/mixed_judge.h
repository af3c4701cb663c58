/* SPDX-License-Identifier: Apache-2.0 */
/* What mixed engines lose, on pictures: of agreement with the float engine, or of average precision
 * where the pictures are labelled. */
#ifndef TOOLS_MIXED_JUDGE_H
#define TOOLS_MIXED_JUDGE_H

#include "build/judges.h"
#include "models/calibration_run.h"
#include "models/eval_set.h"

#define MIXED_PICTURES_MAX 64 /* that judge */
#define MIXED_PICTURES_LEAST 8
/* Points of agreement that go with a point of average precision: see docs/accuracy.md. */
#define AGREEMENT_PER_AP 10.0

/* Labels to judge by, as they were asked for; all NULL: agreement judges. */
struct mixed_labels {
    const char
        *annotations;   /* COCO's file: of the pictures that measure, or of those in `images` */
    const char *images; /* a folder */
    const char *data, *split; /* a data.yaml and which of its pictures */
};

struct mixed_judge {
    struct app *app;
    const struct calibration_request *request;
    struct eval_set
        set;    /* its truth NULL: agreement judges; entries NULL: ids are found by names */
    bool known; /* pictures that cannot be read were told of */
    size_t bad, unlabelled;
    size_t pictures, boxes; /* that judged; of the float model, or labels */
    struct class_match classes;
    octet_detections *reference; /* the float model's boxes; NULL: it did not run */
    int64_t *ids;                /* of the pictures that judged; with labels */
    double float_percent;
};

/* Finds the pictures, and reads the labels. Frees with mixed_judge_free(), whatever the status,
 * which it returns. */
int mixed_judge_open(struct app *app, const struct calibration_request *request, bool known,
                     const struct mixed_labels *labels, const octet_engine *engine,
                     struct mixed_judge *judge);

/* Runs the float engine over the pictures, and finds out whether they can judge. Returns a status,
 * as the next one: a failure without a message when a signal came. */
int mixed_judge_begin(struct mixed_judge *judge, const octet_engine *fp32);

/* The same for an engine to judge: percents of agreement or AP, and its loss, in points of AP. */
int mixed_judge_run(struct mixed_judge *judge, const octet_engine *engine, double *percent,
                    double *loss);

/* Accepts a zeroed struct. */
void mixed_judge_free(struct mixed_judge *judge);

#endif
