/* SPDX-License-Identifier: Apache-2.0 */
/* What `octet bench` prints. */
#ifndef TOOLS_BENCH_REPORT_H
#define TOOLS_BENCH_REPORT_H

#include "bench/bench_model.h"

/* Of one core, 10^9 multiply-adds a second; 0: not measured. */
struct bench_peak {
    double int8_gmacs, half_gmacs, fp32_gmacs;
};

/* The one that an engine or a layer is measured by. */
double peak_of(const struct bench_peak *peak, octet_precision precision);

int bench_report(struct app *app, const struct bench_model *models, size_t count,
                 const struct bench_peak *peak);

#endif
