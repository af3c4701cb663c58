/* SPDX-License-Identifier: Apache-2.0 */
/* From files to figures: both detectors over the pictures, then times, layers, ranges and
 * pictures. */
#include "report/report_measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/paths.h"
#include "models/model_file.h"
#include "report/report_judge.h"

/* ---- before long work ---- */

/* An engine tells which model it was made of. */
static int check_model(struct app *app, const struct report_request *request,
                       const struct report_measured *measured)
{
    enum file_kind kind;
    const char *model = engine_model_hash(measured->run.sides[0].engine);
    const char *engine = engine_model_hash(measured->run.sides[1].engine);
    const int status = file_kind_of(app, request->engine, &kind);
    if (status != STATUS_DONE || kind != FILE_ENGINE || !model || !engine ||
        strcmp(model, engine) == 0)
        return status;
    return app_fail(
        app,
        "%s was not made of %s (it says SHA-256 %.12s..., the model has %.12s...): give "
        "the model that it was made of, or compare them with octet compare",
        request->engine, request->model, engine, model);
}

/* The float model as ONNX; an engine has none. */
static int open_model(struct app *app, const char *path, octet_model **model)
{
    enum file_kind kind;
    const int status = file_kind_of(app, path, &kind);
    return status == STATUS_DONE && kind == FILE_ONNX ? model_open(app, path, model) : status;
}

static int find_pictures(struct app *app, struct report_request *request,
                         struct report_measured *measured)
{
    const struct calibration_request *pictures = &request->compare.pictures;
    struct sources *sources = &measured->run.sources;
    if (request->annotations || request->data)
        return report_labels_open(app, request, measured);
    int status = calibration_sources(app, pictures, sources);
    if (status == STATUS_DONE)
        status = sources_refuse_passing(app, sources, "a report, which reads pictures twice,");
    return status == STATUS_DONE ? sources_check_reachable(app, sources, pictures->max_bad)
                                 : status;
}

int report_open(struct app *app, struct report_request *request, struct report_measured *measured)
{
    struct compare_run *run = &measured->run;
    run->app = app;
    run->arguments = &request->compare;
    run->sides[0] = (struct compare_side){.path = request->model, .device = app->device};
    run->sides[1] = (struct compare_side){.path = request->engine, .device = app->device};
    run->best = (struct worst_pictures){
        .most = (size_t)request->shown, .keep_images = true, .is_best = true};
    int status = find_pictures(app, request, measured);
    if (status == STATUS_DONE)
        status = compare_sides_open(app, &request->compare.pictures.size, false, &run->sides[0],
                                    &run->sides[1]);
    if (status == STATUS_DONE)
        status = check_model(app, request, measured);
    if (status == STATUS_DONE)
        status = open_model(app, request->model, &measured->model);
    if (status == STATUS_DONE && request->study)
        status = report_study_read(app, request->study, engine_model_hash(run->sides[1].engine),
                                   &measured->data.study);
    if (status == STATUS_DONE && run->also)
        class_match_find(app, run->sides[0].engine, measured->labels.set.truth,
                         &measured->labels.classes);
    return status;
}

/* ---- the comparison ---- */

static void fill_classes(struct report_measured *measured)
{
    const struct compare_run *run = &measured->run;
    struct report_data *data = &measured->data;
    const size_t classes = (size_t)data->info.class_count;
    measured->classes = app_alloc(classes, sizeof *measured->classes);
    for (size_t i = 0; i < classes; i++) {
        const struct class_totals *totals = &run->boxes.classes[i];
        if (!totals->sure && !totals->more)
            continue;
        measured->classes[data->class_count++] = (struct report_class){
            .name = octet_engine_class_name(run->sides[1].engine, (int)i),
            .sure = totals->sure,
            .matched = totals->matched,
            .more = totals->more,
            .ap = totals->sure ? measured->result.classes[i].ap : -1,
            .ap50 = totals->sure ? measured->result.classes[i].ap50 : -1,
        };
    }
    data->classes = measured->classes;
}

static void fill_agreement(struct report_measured *measured)
{
    const struct box_totals *boxes = &measured->run.boxes;
    struct report_data *data = &measured->data;
    data->agreement = measured->result.agreement;
    data->pictures = measured->run.used;
    data->confidence = measured->run.arguments->confidence;
    data->sure = boxes->all.sure;
    data->matched = boxes->all.matched;
    data->more = boxes->all.more;
    data->score_rms =
        boxes->all.matched ? sqrt(boxes->score_square_sum / (double)boxes->all.matched) : 0;
    data->box_mean_px = measured->result.errors.mean;
    data->box_95_px = measured->result.errors.share_95;
    fill_classes(measured);
}

static int compare(struct app *app, const struct report_request *request,
                   struct report_measured *measured)
{
    struct compare_run *run = &measured->run;
    run->whole = &measured->progress;
    run->steps = REPORT_COMPARE_STEPS;
    int status = compare_run_pictures(run);
    if (status == STATUS_DONE)
        status = report_check_signal(app);
    if (status == STATUS_DONE)
        status = compare_run_score(run, &measured->result);
    if (status == STATUS_DONE && run->also)
        status = report_labels_score(app, request, measured);
    if (status == STATUS_DONE)
        fill_agreement(measured);
    return status;
}

/* As many as can be told in advance. */
static size_t count_pictures(const struct sources *sources)
{
    size_t count = sources->count - sources->stream_count;
    for (size_t i = 0; i < sources->stream_count; i++) {
        const struct film_request *film = sources->streams[i].film;
        if (film)
            count += film->picks ? film->picks : film_count_frames(film) / film->every;
    }
    return count;
}

/* ---- all ---- */

static int measure_all(struct app *app, struct report_request *request, struct drawer *drawer,
                       struct report_measured *measured)
{
    int status = compare(app, request, measured);
    if (status == STATUS_DONE)
        status = report_measure_speeds(app, measured);
    if (status == STATUS_DONE)
        status = report_measure_layers(app, measured);
    if (status == STATUS_DONE)
        status = report_measure_activations(app, measured);
    if (status == STATUS_DONE)
        status = report_measure_drift(app, request, measured);
    if (status == STATUS_DONE)
        status = report_draw_pictures(drawer, measured);
    return status == STATUS_DONE ? report_check_signal(app) : status;
}

int report_measure(struct app *app, struct report_request *request, struct drawer *drawer,
                   struct report_measured *measured)
{
    struct report_data *data = &measured->data;
    data->title = path_name(request->engine);
    data->command = request->command;
    octet_engine_info(measured->run.sides[1].engine, &data->info);
    const size_t pictures = count_pictures(&measured->run.sources);
    app_progress(app, &measured->progress, "measuring",
                 pictures * (REPORT_COMPARE_STEPS + REPORT_DRIFT_STEPS) + REPORT_SPEED_STEPS +
                     2 * REPORT_ACTIVATION_PICTURES +
                     REPORT_EFFECT_PICTURES * (size_t)data->info.layer_count);
    const int status = measure_all(app, request, drawer, measured);
    progress_finish(&measured->progress);
    if (status != STATUS_DONE)
        return status;
    report_collect_facts(app, request, measured);
    report_judge(data);
    return STATUS_DONE;
}

/* ---- freeing ---- */

static void free_facts(struct report_fact *facts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(facts[i].key);
        free(facts[i].text);
    }
    free(facts);
}

static void free_data(struct report_measured *measured)
{
    struct report_data *data = &measured->data;
    char *const texts[] = {data->verdict,  data->reasons,   data->advice,     data->speed_svg,
                           data->size_svg, data->noise_svg, data->effect_svg, data->blocks_svg};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    for (size_t i = 0; i < data->layer_count; i++)
        free(measured->layers[i].label);
    for (size_t i = 0; i < data->histogram_count; i++) {
        free(measured->histograms[i].label);
        free(measured->histograms[i].svg);
    }
    for (size_t i = 0; i < data->shown_count; i++) {
        free(measured->pictures[i].label);
        free(measured->pictures[i].sides[0].jpeg);
        free(measured->pictures[i].sides[1].jpeg);
    }
    free_facts(measured->facts, data->fact_count);
    free_facts(measured->conditions, data->condition_count);
    report_drift_free(&data->drift);
    report_study_free(&data->study);
}

void report_measured_free(struct report_measured *measured)
{
    free_data(measured);
    free(measured->subtitle);
    free(measured->classes);
    free(measured->layers);
    free(measured->blocks);
    free(measured->histograms);
    free(measured->pictures);
    free(measured->result.classes);
    report_labels_free(measured);
    octet_engine_free(&measured->bf16);
    octet_model_free(&measured->model);
    compare_run_close(&measured->run);
}
