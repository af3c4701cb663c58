/* SPDX-License-Identifier: Apache-2.0 */
/* Tells what the models of a bench ran on: the processor, the GPUs in use, and their peaks. */
#ifndef TOOLS_BENCH_MACHINE_H
#define TOOLS_BENCH_MACHINE_H

#include "app/json_print.h"
#include "bench/bench_peak.h"

void machine_print(const struct bench_hardware *hardware);
json_t *machine_json(const struct bench_hardware *hardware);

#endif
