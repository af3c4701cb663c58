/* SPDX-License-Identifier: Apache-2.0 */
/* Prints a comparison of ranges with pictures. */
#ifndef TOOLS_RANGE_REPORT_H
#define TOOLS_RANGE_REPORT_H

#include "app/app.h"

struct range_report {
    const char *path, *others; /* what was compared with what */
    int64_t pictures;
    bool by_codes; /* an engine's own, without the float model: no range is known to be the best */
    octet_fit fit;
    const octet_range_fit *ranges; /* [fit.tensors], the most harmed first */
};

/* The verdict and why, in one line, to be freed. */
char *range_reason(const octet_fit *fit);

int range_report_print(struct app *app, const struct range_report *report);

#endif
