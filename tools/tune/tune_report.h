/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of a training. */
#ifndef TOOLS_TUNE_REPORT_H
#define TOOLS_TUNE_REPORT_H

#include "app/json_print.h"
#include "tune/tune_training.h"

/* A table for people, on the way: its head with the start and what an interrupted run measured, and
 * a row for each epoch. */
void tune_say_start(const struct tune_run *run);
void tune_say_moment(const struct tune_run *run, const struct tune_moment *moment);

/* What came of it, or all of it as JSON. Returns a status. */
int tune_report(const struct tune_run *run);

/* Figures, and those of all epochs so far, by a key for the agreement; "ap" is null without labels.
 * The caller's. */
json_t *tune_figures_json(const struct tune_figures *figures, const char *agreement);
json_t *tune_history_json(const struct tune_run *run, const char *agreement);

#endif
