/* SPDX-License-Identifier: Apache-2.0 */
/* Measures all that a report shows. */
#ifndef TOOLS_REPORT_MEASURE_H
#define TOOLS_REPORT_MEASURE_H

#include "draw/draw.h"
#include "insight/compare_run.h"
#include "report/report_data.h"

struct report_request {
    const char *engine, *model; /* files; the model is taken for true */
    struct compare_arguments compare;
    int64_t shown; /* pictures of either kind */
    char *command;
};

/* What report_data points to. */
struct report_measured {
    struct report_data data;
    struct compare_run run;
    struct compare_result result;
    octet_engine *bf16; /* NULL: the model is no ONNX file */
    struct report_speed speeds[3];
    struct report_class *classes;
    struct report_layer *layers;
    struct report_histogram *histograms;
    struct report_picture *pictures;
    struct report_fact *facts;
};

/* Runs everything. Returns a status; what was measured is freed in any case. */
int report_measure(struct app *app, struct report_request *request, struct drawer *drawer,
                   struct report_measured *measured);
void report_measured_free(struct report_measured *measured);

/* Its steps, each in a file of its own. Return statuses. */
int report_measure_speeds(struct app *app, const struct report_request *request,
                          struct report_measured *measured);
int report_measure_layers(struct app *app, struct report_measured *measured);
int report_measure_activations(struct app *app, const struct report_request *request,
                               struct report_measured *measured);
int report_measure_drift(struct app *app, const struct report_request *request,
                         struct report_measured *measured);
int report_draw_pictures(struct app *app, struct drawer *drawer, struct report_measured *measured);
void report_collect_facts(struct app *app, const struct report_request *request,
                          struct report_measured *measured);

#endif
