/* SPDX-License-Identifier: Apache-2.0 */
/* What a report is measured with, and the steps of measuring. */
#ifndef TOOLS_REPORT_MEASURE_PARTS_H
#define TOOLS_REPORT_MEASURE_PARTS_H

#include "app/progress.h"
#include "draw/draw.h"
#include "insight/compare_run.h"
#include "models/class_match.h"
#include "models/eval_set.h"
#include "plot/plot_drawing.h"
#include "report/report_data.h"

struct report_request {
    const char *engine, *model; /* files; the model is taken for true */
    struct compare_arguments compare;
    const char *annotations, *data, *split; /* labels, or NULL */
    const char *study;                      /* study.json, or its folder, or NULL */
    int64_t shown;                          /* pictures of either kind */
    const char *command;
};

/* Boxes of both, in the labels' terms. */
struct report_label_run {
    struct eval_set set;
    struct class_match classes;
    octet_detections *found[2];
    size_t *entries; /* [sources.count]: the picture's place in the set */
    int64_t *done;   /* ids of pictures that took part */
    size_t done_count;
};

/* What report_data points to, and what it was measured with. */
struct report_measured {
    struct report_data data;
    struct compare_run run;
    struct compare_result result;
    struct progress progress; /* over the whole */
    octet_engine *bf16;       /* NULL: the model is no ONNX file */
    octet_model *model;       /* the same */
    struct report_label_run labels;
    struct report_speed speeds[3];
    struct report_class *classes;
    struct report_label_class *label_classes;
    struct report_layer *layers;
    struct report_block *blocks;
    struct report_histogram *histograms;
    struct report_picture *pictures;
    struct report_fact *facts, *conditions;
    char *subtitle;
};

/* Steps of the bar: a run of the float model, about. */
#define REPORT_COMPARE_STEPS 4 /* a picture */
#define REPORT_DRIFT_STEPS 2   /* a picture */
#define REPORT_SPEED_STEPS 63
#define REPORT_ACTIVATION_PICTURES 8
#define REPORT_EFFECT_PICTURES 4 /* at most, each of which takes a step a layer */

/* ---- what the steps share ---- */

/* Fails when a signal came. */
int report_check_signal(struct app *app);

/* A session at the size of the comparison, on noise, that has run once. */
int report_open_timed(struct app *app, const struct report_measured *measured,
                      const octet_engine *engine, bool profile, octet_session **session);

/* A chart as part of the page; closes the drawing. */
char *report_chart(struct plot_drawing *drawing);

/* ---- the steps, in their order; they return statuses ---- */

int report_labels_open(struct app *app, const struct report_request *request,
                       struct report_measured *measured);
/* `model_hash`: a study of another model fails; NULL: not known. */
int report_study_read(struct app *app, const char *path, const char *model_hash,
                      struct report_study *study);
int report_labels_score(struct app *app, const struct report_request *request,
                        struct report_measured *measured);
int report_measure_speeds(struct app *app, struct report_measured *measured);
int report_measure_layers(struct app *app, struct report_measured *measured);
int report_measure_effects(struct app *app, struct report_measured *measured);
void report_measure_blocks(struct report_measured *measured);
int report_measure_activations(struct app *app, struct report_measured *measured);
int report_measure_drift(struct app *app, const struct report_request *request,
                         struct report_measured *measured);
int report_draw_pictures(struct drawer *drawer, struct report_measured *measured);
void report_collect_facts(struct app *app, const struct report_request *request,
                          struct report_measured *measured);

void report_labels_free(struct report_measured *measured);
void report_drift_free(struct report_drift *drift);
void report_study_free(struct report_study *study);

#endif
