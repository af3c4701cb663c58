/* SPDX-License-Identifier: Apache-2.0 */
/* All that one training holds. */
#ifndef TOOLS_TUNE_TRAINING_H
#define TOOLS_TUNE_TRAINING_H

#include "tune/tune_judge.h"
#include "tune/tune_pictures.h"

#define TUNE_BATCH 8

/* What was measured after so many epochs. */
struct tune_moment {
    double epochs, loss; /* the mean of the steps since the moment before */
    struct tune_figures figures;
};

struct tune_run {
    struct app *app;
    const struct tune_arguments *arguments;
    octet_model *model;
    octet_statistics *statistics;
    struct input_size size;
    struct tune_pictures pictures;
    struct tune_judge *judge;
    octet_tuning *tuning;
    char *partial; /* OUT.partial */
    struct tune_figures start, best;
    double best_epochs; /* 0: the start is the best */
    double loss_sum;    /* of the steps since the last moment, and how many they are */
    int64_t loss_steps;
    struct tune_moment *moments;
    size_t moment_count;
    int64_t stopped;                 /* the step whose loss was not finite; 0: none */
    double start_ms, seconds_before; /* of this run, and what those before it took */
    octet_tune_info info;            /* at the end */
};

/* All of it, those before an interruption as well. */
static inline double tune_run_seconds(const struct tune_run *run)
{
    return run->seconds_before + (app_now_ms() - run->start_ms) / 1e3;
}

#endif
