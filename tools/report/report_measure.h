/* SPDX-License-Identifier: Apache-2.0 */
/* Measures all that a report shows. */
#ifndef TOOLS_REPORT_MEASURE_H
#define TOOLS_REPORT_MEASURE_H

#include "report/measure_parts.h"

/* Opens what is asked for and finds the pictures, before long work; then runs everything. Return
 * statuses; report_measured_free() is the caller's in any case. */
int report_open(struct app *app, struct report_request *request, struct report_measured *measured);
int report_measure(struct app *app, struct report_request *request, struct drawer *drawer,
                   struct report_measured *measured);
void report_measured_free(struct report_measured *measured);

#endif
