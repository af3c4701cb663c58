/* SPDX-License-Identifier: Apache-2.0 */
/* Engines of every precision, timed in turn on this machine. */
#ifndef TOOLS_CANDIDATES_H
#define TOOLS_CANDIDATES_H

#include "models/calibration_run.h"

enum { CANDIDATES = 3 };

/* Percent of agreement AP; good INT8 engines of YOLOv8 have 96 to 99, broken ones less. */
#define AGREEMENT_DEFAULT 95.0

struct candidate {
    octet_engine *engine;
    octet_session *session;
    octet_info info;
    double median_ms, least_ms;
    double time;      /* median, over the rounds, of the time beside the float engine's */
    double agreement; /* percent; NAN: not known */
    bool agrees;      /* enough with the float engine, or nobody knows */
};

struct candidates {
    struct candidate all[CANDIDATES]; /* INT8 (the calibrated one), BF16, FP32 */
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

/* Builds an engine of each precision. Returns a status. */
int candidates_build(struct app *app, const struct candidate_request *request,
                     struct candidates *candidates);

/* Fills the times. Returns a status. */
int candidates_time(struct app *app, struct candidates *candidates);

/* Takes the fastest that agrees, octet_choose_candidate(). */
void candidates_choose(struct candidates *candidates);

void candidates_free(struct candidates *candidates);

#endif
