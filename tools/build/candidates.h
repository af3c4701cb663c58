/* SPDX-License-Identifier: Apache-2.0 */
/* `build --precision auto`: engines of every precision, timed in turn on this machine and judged by
 * how well their boxes agree with the float engine's. */
#ifndef TOOLS_CANDIDATES_H
#define TOOLS_CANDIDATES_H

#include <jansson.h>

#include "models/calibration_run.h"

enum { CANDIDATES = 3 };

/* Percent of agreement AP; good INT8 engines of YOLOv8 have 96 to 99, broken ones less. */
#define AGREEMENT_DEFAULT 95.0

struct candidate {
    octet_engine *engine;
    octet_session *session;
    octet_info info;
    octet_detections *found; /* on the pictures that judge */
    double median_ms, least_ms;
    double time;      /* median, over the rounds, of the time beside the float engine's */
    double agreement; /* percent; NAN: not known */
};

struct candidates {
    struct candidate all[CANDIDATES]; /* INT8 (the calibrated one), half, FP32 */
    int chosen;
    double min_agreement;   /* percent */
    size_t pictures, boxes; /* that judged; boxes of the float engine */
};

struct candidate_request {
    const octet_model *model;
    const octet_statistics *statistics;
    octet_build_settings settings; /* the precision is not looked at */
    const struct calibration_request
        *judges;          /* its pictures judge; without `images` only time does */
    bool judges_known;    /* a calibration looked at them, and told of what it left out */
    double min_agreement; /* percent */
};

/* Builds, times, judges and chooses. Returns a status. */
int candidates_compare(struct app *app, const struct candidate_request *request,
                       struct candidates *candidates);
void candidates_free(struct candidates *candidates);

/* What was measured, on standard output, and as JSON. */
void candidates_print(const struct candidates *candidates);
void candidates_json(const struct candidates *candidates, json_t *root);

/* agreement.c: runs at most AGREEMENT_PICTURES of the judging pictures through all candidates, and
 * fills `agreement`, `pictures` and `boxes`. Returns a status. */
#define AGREEMENT_PICTURES 50
int candidates_judge(struct app *app, const struct candidate_request *request,
                     struct candidates *candidates);

#endif
