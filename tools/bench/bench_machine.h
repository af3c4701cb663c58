/* SPDX-License-Identifier: Apache-2.0 */
/* What the models of a bench ran on: the processor and its peak, and the GPUs in use. */
#ifndef TOOLS_BENCH_MACHINE_H
#define TOOLS_BENCH_MACHINE_H

#include "app/json_print.h"
#include "bench/bench_model.h"
#include "bench/bench_peak.h"

void machine_print(struct app *app, const struct bench_model *models, size_t count,
                   const struct bench_peak *peak);
json_t *machine_json(struct app *app, const struct bench_model *models, size_t count,
                     const struct bench_peak *peak);

#endif
