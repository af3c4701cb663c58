/* SPDX-License-Identifier: Apache-2.0 */
/* A training from pictures to files. */
#ifndef TOOLS_TUNE_RUN_H
#define TOOLS_TUNE_RUN_H

#include "tune/tune_judge.h"

/* What was measured after so many epochs. */
struct tune_moment {
    double epochs, loss;
    struct tune_figures figures;
};

struct tune_run {
    struct app *app;
    const struct tune_arguments *arguments;
    octet_model *model;
    octet_statistics *statistics;
    struct input_size size;
    struct sources sources;    /* without labels */
    struct tune_labels labels; /* with labels, and then the pictures */
    const struct sources *pictures;
    size_t *learnt, *held; /* places among the pictures */
    size_t learnt_count, held_count;
    struct tune_judge *judge;
    octet_tuning *tuning;
    char *partial; /* OUT.partial */
    struct tune_figures start, best;
    bool is_better; /* the best is another state than the start */
    struct tune_moment *moments;
    size_t moment_count;
    double seconds;
    octet_tune_info info;
};

/* Returns a status. */
int tune_run(struct app *app, const struct tune_arguments *arguments);

/* tune_report.c: for people on the way, and all of it at the end, or as JSON. */
void tune_say_start(const struct tune_run *run);
void tune_say_moment(const struct tune_run *run, const struct tune_moment *moment);
int tune_report(const struct tune_run *run);

#endif
