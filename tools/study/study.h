/* SPDX-License-Identifier: Apache-2.0 */
/* `octet study`: what was asked for, and what is measured. */
#ifndef TOOLS_STUDY_H
#define TOOLS_STUDY_H

#include "app/options.h"
#include "pictures/sources.h"
#include "study/study_plan.h"

#define STUDY_PICTURES_LEAST 8 /* to draw samples of, and to evaluate on */

struct study_arguments {
    struct texts images, against; /* each a SOURCE */
    const char *counts, *calibrators;
    int64_t seeds;
    const char *annotations, *eval_images, *data, *split;
    struct input_size size;
    double max_bad;
    const char *folder; /* -o, or NULL */
    bool resume;
};

/* The pictures that a sample has beyond those of the next smaller one; once all are gathered, all
 * of the sample. */
struct study_shell {
    octet_statistics *statistics; /* NULL: none yet */
    double seconds;               /* that gathering took */
};

/* One engine, measured. */
struct study_sample {
    bool done;
    double ap;        /* 0 to 1; not a number without labels */
    double agreement; /* 0 to 1, with the float model */
    double gather_s, build_s;
};

struct study {
    struct app *app;
    const struct study_arguments *arguments;
    const char *path;
    octet_model *model;
    struct sources sources; /* to calibrate with */
    struct study_plan plan;
    struct study_shell *shells;   /* [plan.seeds][plan.count_count] */
    struct study_sample *samples; /* [plan.seeds][plan.count_count][plan.calibrator_count] */
    size_t position, left_out;    /* of the plan's pictures: looked at, and unreadable */
    bool gathered;                /* all of them were */
    char model_hash[65];          /* of a study to resume, then of this one; or "" */
    /* of the evaluation */
    bool labelled;
    size_t eval_pictures, labels; /* labels: boxes that are taken for true */
    double float_ap;
};

static inline struct study_shell *study_shell(const struct study *study, size_t seed, size_t count)
{
    return &study->shells[seed * study->plan.count_count + count];
}

static inline struct study_sample *study_sample(const struct study *study, size_t seed,
                                                size_t count, size_t calibrator)
{
    const struct study_plan *plan = &study->plan;
    return &study
                ->samples[(seed * plan->count_count + count) * plan->calibrator_count + calibrator];
}

#endif
