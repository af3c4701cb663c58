/* SPDX-License-Identifier: Apache-2.0 */
/* What `octet bench` prints. */
#ifndef TOOLS_BENCH_REPORT_H
#define TOOLS_BENCH_REPORT_H

#include "bench/bench_model.h"
#include "bench/bench_peak.h"

/* As tables or as JSON. Returns a status. */
int bench_report(struct app *app, const struct bench_model *models, size_t count,
                 const struct bench_hardware *hardware);

#endif
