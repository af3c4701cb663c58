/* SPDX-License-Identifier: Apache-2.0 */
/* A picture's whole way: file, pixels, network, boxes; and what it shares with a frame's. */
#ifndef TOOLS_BENCH_PIPELINE_H
#define TOOLS_BENCH_PIPELINE_H

#include "bench/bench_model.h"

enum { PIPELINE_BOXES_MAX = 300 };

/* Takes settings->image through the model's first session, at most 200 times (fewer when
 * interrupted), and keeps the medians in model->pipeline. Returns a status. */
int bench_pipeline(struct bench_model *model);

/* One time through: puts something into slot 0 of the first session, runs it and selects boxes, at
 * most PIPELINE_BOXES_MAX. Fills the stages' times and the whole; returns a status. */
typedef int pipeline_take(struct bench_model *model, struct pipeline *pipeline, const void *user,
                          double *times_ms, octet_detection *boxes);

/* Does so as often as bench_pipeline(), after a few times that do not count. */
int pipeline_measure(struct bench_model *model, pipeline_take *take, const void *user,
                     struct pipeline *pipeline);

/* The network and the selection behind at_ms[2], when slot 0 had its picture; `status` is that of
 * setting it. */
octet_status pipeline_finish(octet_session *session, octet_status status,
                             double at_ms[PIPELINE_STAGES + 1], octet_detection *boxes, int *count);

/* Times between the moments, and of all. */
void pipeline_times(const double at_ms[PIPELINE_STAGES + 1], double times_ms[PIPELINE_STAGES + 1]);

#endif
