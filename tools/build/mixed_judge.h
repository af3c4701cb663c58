/* SPDX-License-Identifier: Apache-2.0 */
/* What mixed engines lose, on pictures: of agreement with the float engine, or of average precision
 * where the pictures are labelled. */
#ifndef TOOLS_MIXED_JUDGE_H
#define TOOLS_MIXED_JUDGE_H

#include "build/judges.h"
#include "models/calibration_run.h"

#define MIXED_ENGINES_MAX 8   /* that are judged at once, the float one among them */
#define MIXED_PICTURES_MAX 64 /* that judge */
#define MIXED_PICTURES_LEAST 8
/* Points of agreement that go with a point of average precision: see docs/accuracy.md. */
#define AGREEMENT_PER_AP 10.0

struct mixed_judge {
    struct app *app;
    const struct calibration_request *request;
    struct sources sources;
    bool known; /* pictures that cannot be read were told of */
    size_t bad, unlabelled;
    size_t pictures, boxes; /* that judged; of the float model, or labels */
    octet_truth *truth;     /* NULL: agreement judges */
    struct class_match classes;
};

/* Finds the pictures, and reads the `annotations` unless NULL. Frees with mixed_judge_free(),
 * whatever the status, which it returns. */
int mixed_judge_open(struct app *app, const struct calibration_request *request, bool known,
                     const char *annotations, const octet_engine *engine,
                     struct mixed_judge *judge);

/* Runs the engines, the first of which is the float one, over the pictures. Sets percent[count],
 * agreement or AP, and loss[count], points of AP. Returns a status. */
int mixed_judge_run(struct mixed_judge *judge, octet_engine *const *engines, size_t count,
                    double *percent, double *loss);

/* Accepts a zeroed struct. */
void mixed_judge_free(struct mixed_judge *judge);

#endif
