/* SPDX-License-Identifier: Apache-2.0 */
/* Engines of every precision, timed in turn on this machine, on one device or on each kind. */
#ifndef TOOLS_CANDIDATES_H
#define TOOLS_CANDIDATES_H

#include "models/calibration_run.h"

enum {
    CANDIDATE_PRECISIONS = 3,
    CANDIDATE_DEVICES = 2,
    CANDIDATES_MAX = CANDIDATE_PRECISIONS * CANDIDATE_DEVICES,
    CANDIDATE_REFERENCE = CANDIDATE_PRECISIONS - 1 /* FP32 on the first device */
};

/* Percent of agreement AP; good INT8 engines of YOLOv8 have 96 to 99, broken ones less. */
#define AGREEMENT_DEFAULT 95.0

struct candidate {
    const octet_engine *engine;
    octet_session *session;
    octet_precision precision;
    octet_info info;
    double median_ms, least_ms;
    double time;      /* median, over the rounds, of the time beside the reference's */
    double agreement; /* percent; NAN: not known */
    bool agrees;      /* enough with the reference, or nobody knows */
};

struct candidates {
    octet_engine *engines[CANDIDATE_PRECISIONS]; /* INT8 (the calibrated one), BF16, FP32 */
    struct candidate all[CANDIDATES_MAX];        /* these on the first device, then the second */
    int count, chosen;
    double min_agreement;   /* percent */
    size_t pictures, boxes; /* that judged; boxes of the reference */
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

/* Builds an engine of each precision, and opens it on the device that was asked for. With --device
 * auto that is the CPU and, where octet can run on one, the GPU; what the GPU does not take is left
 * out then, with a line that says so. Returns a status. */
int candidates_build(struct app *app, const struct candidate_request *request,
                     struct candidates *candidates);

/* Fills the times. Returns a status. */
int candidates_time(struct app *app, struct candidates *candidates);

/* Takes the fastest that agrees, octet_choose_candidate(). */
void candidates_choose(struct candidates *candidates);

void candidates_free(struct candidates *candidates);

#endif
