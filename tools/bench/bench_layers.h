/* SPDX-License-Identifier: Apache-2.0 */
/* What each layer takes, does and moves. */
#ifndef TOOLS_BENCH_LAYERS_H
#define TOOLS_BENCH_LAYERS_H

#include "app/json_print.h"
#include "bench/bench_model.h"
#include "bench/bench_peak.h"

/* With settings->layers. */
void print_layers(const struct bench_model *model, const struct bench_hardware *hardware);
json_t *layers_json(const struct bench_model *model, const struct bench_hardware *hardware);

#endif
