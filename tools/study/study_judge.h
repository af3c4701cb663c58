/* SPDX-License-Identifier: Apache-2.0 */
/* Runs engines over the evaluation pictures and scores what they find. */
#ifndef TOOLS_STUDY_JUDGE_H
#define TOOLS_STUDY_JUDGE_H

#include "app/progress.h"
#include "models/class_match.h"
#include "models/eval_set.h"
#include "study/study.h"

struct study_judge {
    struct study *study;
    struct eval_set set; /* its pictures alone where there are no labels */
    struct class_match classes;
    octet_detections *reference; /* the float model's, by the pictures' places */
    bool *left_out;              /* [pictures]: unreadable */
    size_t pictures, capacity;   /* that came */
    int64_t *done;               /* ids of those that took part */
    size_t done_count;
};

/* Finds the pictures and labels. Returns a status. */
int study_judge_open(struct study *study, struct study_judge *judge);

/* Runs the float model, once, and sets the study's figures of it. An interruption ends it early:
 * app_interrupted() tells. */
int study_judge_float(struct study_judge *judge);

/* Runs an engine and sets the sample's figures; an interruption leaves it undone. */
int study_judge_engine(struct study_judge *judge, const octet_engine *engine,
                       struct progress *progress, struct study_sample *sample);

void study_judge_close(struct study_judge *judge);

#endif
