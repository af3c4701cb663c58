/* SPDX-License-Identifier: Apache-2.0 */
/* Which pictures, how many, and how they become ranges. */
#ifndef TOOLS_STUDY_PLAN_H
#define TOOLS_STUDY_PLAN_H

#include "app/app.h"

struct study_plan {
    size_t pictures; /* there are */
    size_t *counts;  /* in rising order */
    size_t count_count, seeds;
    char **calibrators;
    size_t calibrator_count;
    /* [seeds][pictures]: the smallest sample of the seed that has the picture, as an index of
     * counts; count_count: none has it */
    size_t *shell_of;
};

/* Reads the lists ("16,32", "mse,minmax"; NULL: the defaults) and draws the samples: those that
 * `octet build --count N --seed S` draws, each of which has all of the smaller ones of its seed.
 * Returns a status. */
int study_plan_make(struct app *app, const char *counts, size_t seeds, const char *calibrators,
                    size_t pictures, struct study_plan *plan);

/* Of a count: 1 where it is all pictures, of which there is one choice. */
size_t study_plan_seeds(const struct study_plan *plan, size_t count);

/* Whether any sample has the picture. */
bool study_plan_takes(const struct study_plan *plan, size_t picture);

/* Engines to be measured. */
size_t study_plan_engines(const struct study_plan *plan);

void study_plan_free(struct study_plan *plan);

#endif
