/* SPDX-License-Identifier: Apache-2.0 */
/* How ranges, of statistics or of an engine, fit other pictures: `inspect --against` and
 * `calibrate --check`. */
#ifndef TOOLS_RANGE_CHECK_H
#define TOOLS_RANGE_CHECK_H

#include "models/calibration_run.h"

#define CHECK_PICTURES_MIN 8

struct range_check {
    const char *path;       /* of the statistics or the INT8 engine that are checked */
    const char *calibrator; /* of statistics; NULL: the default */
    const char *model;      /* float, to run the pictures; NULL: an engine's codes are looked at */
    struct calibration_request others; /* whose images are pictures, or one statistics file */
};

/* Prints the verdict and its figures; `*fits` says which it was. Returns a status. */
int range_check(struct app *app, const struct range_check *check, bool *fits);

#endif
