/* SPDX-License-Identifier: Apache-2.0 */
/* What a study found: figures over seeds, as a table, as JSON and as charts. */
#ifndef TOOLS_STUDY_REPORT_H
#define TOOLS_STUDY_REPORT_H

#include "app/json_print.h"
#include "draw/label_font.h"
#include "study/study.h"

/* Over the seeds of one count and calibrator. */
struct study_figure {
    size_t samples;
    double mean, deviation, least, most; /* the deviation is not a number for one sample */
};

enum study_measure { STUDY_AP, STUDY_AGREEMENT, STUDY_SECONDS };

/* AP and agreement in points, 0 to 100. */
struct study_figure study_figure(const struct study *study, enum study_measure measure,
                                 size_t count, size_t calibrator);

/* The least count from which on more pictures gain no more than samples of one size scatter, and no
 * sample is worse by twice that: its index, or -1 where none is or that cannot be told (one seed,
 * one count). `*scatter` is the standard deviation over seeds, of all counts. */
int study_enough(const struct study *study, size_t calibrator, double *scatter);

/* As a table or as JSON. Returns a status. */
int study_report(const struct study *study);

/* The JSON object; what it says of each value is in octet-study(1). */
json_t *study_json(const struct study *study);

/* FOLDER/accuracy, agreement and time, .svg and .png each; agreement alone without labels. Returns
 * a status. */
int study_charts(const struct study *study, struct label_font *font, const char *folder);

#endif
