/* SPDX-License-Identifier: Apache-2.0 */
/* `octet compare`: what was asked for, and both detectors' run over the pictures. */
#ifndef TOOLS_COMPARE_RUN_H
#define TOOLS_COMPARE_RUN_H

#include "insight/compare_sides.h"
#include "insight/compare_state.h"
#include "insight/layer_noise.h"
#include "insight/worst_pictures.h"
#include "models/calibration_run.h"
#include "models/selection.h"

#define FEW_PICTURES 8 /* fewer say little */
#define FEW_BOXES 30

struct compare_arguments {
    struct calibration_request pictures; /* which they are, and how many may be unreadable */
    double confidence, fail_under;       /* fail_under below 0: not given; percent */
    int64_t worst;
    bool no_layers, rect;
    const char *output; /* folder, or NULL */
    bool resume;        /* from compare.partial in it */
};

/* All that one comparison holds; zeroed parts are not there yet. */
struct compare_run {
    struct app *app;
    const struct compare_arguments *arguments;
    struct compare_side sides[2]; /* A, B */
    struct sources sources;
    size_t used, bad;           /* pictures */
    struct compare_state state; /* what an interruption does not lose */
    bool interrupted;           /* before the last picture */
    octet_detections *found[2];
    octet_truth *truth; /* A's sure boxes */
    int64_t truth_boxes;
    struct box_totals boxes;
    struct layer_noise layers;
    struct worst_pictures worst;
    struct worst_pictures best;                            /* kept where best.most is set */
    octet_detection detections[2][SCORING_DETECTIONS_MAX]; /* of the picture at hand */
    int counts[2];
    double seconds;
    /* called with each picture that took part, once its boxes are known; NULL: nobody */
    int (*also)(void *user, const struct compare_run *run, const struct frame *frame);
    void *user;
    struct progress *whole; /* of more than this, which goes on by `steps` a picture; NULL: own */
    size_t steps;
};

/* Runs all pictures, or those that come before an interruption. Where run->state was opened with a
 * folder, what was measured is kept there at times, and what is there is gone on from with
 * arguments->resume. Returns a status. */
int compare_run_pictures(struct compare_run *run);

/* What came out. */
struct compare_result {
    octet_agreement agreement;
    octet_class_evaluation *classes; /* [classes] */
    struct box_errors errors;
};

/* Scores B's boxes by A's. The caller frees result->classes. Returns a status. */
int compare_run_score(struct compare_run *run, struct compare_result *result);

void compare_run_close(struct compare_run *run);

#endif
