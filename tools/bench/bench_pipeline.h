/* SPDX-License-Identifier: Apache-2.0 */
/* A picture's whole way: file, pixels, network, boxes. */
#ifndef TOOLS_BENCH_PIPELINE_H
#define TOOLS_BENCH_PIPELINE_H

#include "bench/bench_model.h"

/* Takes settings->image through the model's first session, at most 200 times (fewer when
 * interrupted), and keeps the medians in model->pipeline. Returns a status. */
int bench_pipeline(struct bench_model *model);

#endif
