/* SPDX-License-Identifier: Apache-2.0 */
/* From files to figures: both detectors over the pictures, then times, ranges and pictures. */
#include "report/report_measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/model_file.h"
#include "plot/plot_bars.h"
#include "plot/plot_svg.h"

#define GOOD_AGREEMENT 0.95 /* as `octet build --precision auto` asks for */
#define FAIR_AGREEMENT 0.90
#define DRIFT_BARS 12
#define PICTURE_WIDTH 900
#define PICTURE_QUALITY 72

static int run_comparison(struct app *app, struct report_request *request,
                          struct report_measured *measured)
{
    struct compare_run *run = &measured->run;
    const struct calibration_request *pictures = &request->compare.pictures;
    run->app = app;
    run->arguments = &request->compare;
    run->sides[0] = (struct compare_side){.path = request->model, .device = app->device};
    run->sides[1] = (struct compare_side){.path = request->engine, .device = app->device};
    run->best = (struct worst_pictures){
        .most = (size_t)request->shown, .keep_images = true, .is_best = true};
    int status = calibration_sources(app, pictures, &run->sources);
    if (status == STATUS_DONE)
        status = sources_refuse_passing(app, &run->sources, "a report reads pictures twice");
    if (status == STATUS_DONE)
        status = sources_check_reachable(app, &run->sources, pictures->max_bad);
    if (status == STATUS_DONE)
        status = compare_sides_open(app, &pictures->size, &run->sides[0], &run->sides[1]);
    if (status == STATUS_DONE)
        status = compare_run_pictures(run);
    if (status == STATUS_DONE && app_interrupted())
        status = app_fail(app, "interrupted: no report was written");
    return status == STATUS_DONE ? compare_run_score(run, &measured->result) : status;
}

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
    data->sure = boxes->all.sure;
    data->matched = boxes->all.matched;
    data->score_rms =
        boxes->all.matched ? sqrt(boxes->score_square_sum / (double)boxes->all.matched) : 0;
    data->box_mean_px = measured->result.errors.mean;
    data->box_95_px = measured->result.errors.share_95;
    data->ap_float = data->ap_engine = NAN;
    fill_classes(measured);
}

static void judge(struct report_measured *measured)
{
    struct report_data *data = &measured->data;
    const double ap = data->agreement.ap;
    const char *words = ap >= GOOD_AGREEMENT   ? "finds what the float model finds"
                        : ap >= FAIR_AGREEMENT ? "differs from the float model in some boxes"
                        : ap >= 0              ? "does not find what the float model finds"
                                               : "cannot be judged: the float model is sure of "
                                                 "no box in these pictures";
    const struct report_speed *first = &data->speeds[0],
                              *last = &data->speeds[data->speed_count - 1];
    data->mood = ap >= GOOD_AGREEMENT   ? REPORT_GOOD
                 : ap >= FAIR_AGREEMENT ? REPORT_WARN
                                        : REPORT_BAD;
    data->verdict = app_printf("This engine %s", words);
    data->reasons = app_printf(
        "Agreement AP %.1f %% on %zu pictures; %.1f times as fast as the float model on this "
        "machine; %.1f times smaller. 95 %% and more is what good INT8 engines have.",
        ap < 0 ? 0 : 100 * ap, data->pictures, first->median_ms / last->median_ms,
        (double)first->weight_bytes / (double)(last->weight_bytes ? last->weight_bytes : 1));
}

/* ---- drift ---- */

static char *drift_bars(const octet_range_fit *ranges, int count)
{
    const char *names[DRIFT_BARS];
    double noise[DRIFT_BARS], best[DRIFT_BARS];
    const int shown = count < DRIFT_BARS ? count : DRIFT_BARS;
    for (int i = 0; i < shown; i++) {
        names[i] = ranges[i].name;
        noise[i] = -ranges[i].noise; /* dB of noise below the signal: long bars are good */
        best[i] = -ranges[i].best;
    }
    const struct plot_bar_group groups[] = {{"the engine's codes", noise},
                                            {"the best codes for these pictures", best}};
    const struct plot_bars chart = {.title = "Signal to noise of the codes, worst tensors first",
                                    .description = "Decibels on these pictures; high is good",
                                    .x_name = "dB",
                                    .names = names,
                                    .count = (size_t)shown,
                                    .groups = groups,
                                    .group_count = 2};
    struct plot_drawing drawing = {0};
    size_t length;
    plot_bars_draw(&chart, &drawing);
    char *svg = plot_svg(&drawing, &length);
    plot_close(&drawing);
    return svg;
}

static void tell_drift(struct report_data *data, const octet_fit *fit,
                       const octet_range_fit *ranges)
{
    data->drift = app_printf("The engine's ranges %s: %d of %d tensors are 3 dB and more worse "
                             "than they need be, %d of these clip.",
                             fit->fits ? "fit these pictures"
                                       : "do not fit these pictures: calibrate on pictures like "
                                         "them",
                             fit->worse, fit->tensors, fit->clipping);
    data->drift_svg = fit->tensors ? drift_bars(ranges, fit->tensors) : NULL;
}

int report_measure_drift(struct app *app, const struct report_request *request,
                         struct report_measured *measured)
{
    struct calibration_result result = {0};
    octet_statistics_info info;
    octet_model *model = NULL;
    octet_fit fit;
    enum file_kind kind;
    int status = file_kind_of(app, request->model, &kind);
    if (status != STATUS_DONE || kind != FILE_ONNX)
        return status;
    status = model_open(app, request->model, &model);
    if (status == STATUS_DONE)
        status = calibration_run(app, model, &request->compare.pictures, &result);
    if (status == STATUS_DONE) {
        octet_statistics_info_get(result.statistics, &info);
        octet_range_fit *ranges = app_alloc((size_t)info.tensor_count, sizeof *ranges);
        /* an engine without ranges of its own, or of another build of the model, has no such part */
        if (octet_ranges_fit(app->context, NULL, NULL, measured->run.sides[1].engine,
                             result.statistics, ranges, &fit) == OCTET_OK)
            tell_drift(&measured->data, &fit, ranges);
        free(ranges);
    }
    octet_statistics_free(&result.statistics);
    octet_model_free(&model);
    return status;
}

/* ---- pictures ---- */

static int draw_list(struct drawer *drawer, const struct worst_pictures *list, bool is_best,
                     struct report_measured *measured)
{
    static const char *const titles[] = {"float model", "this engine"};
    static const struct small_jpeg wanted = {PICTURE_WIDTH, PICTURE_QUALITY};
    for (size_t i = 0; i < list->count; i++) {
        const struct worst_picture *kept = &list->pictures[i];
        struct drawing sides[2];
        struct made_jpeg made;
        for (int k = 0; k < 2; k++)
            sides[k] = (struct drawing){kept->image, kept->boxes[k], kept->counts[k]};
        const int status = draw_beside_to_jpeg(drawer, sides, titles, kept->label, &wanted, &made);
        if (status != STATUS_DONE) {
            free(made.bytes);
            return status;
        }
        const char *slash = strrchr(kept->label, '/');
        measured->pictures[measured->data.shown_count++] =
            (struct report_picture){.label = app_strdup(slash ? slash + 1 : kept->label),
                                    .jpeg = made.bytes,
                                    .size = made.size,
                                    .width = made.width,
                                    .height = made.height,
                                    .counts = {kept->counts[0], kept->counts[1]},
                                    .difference = kept->difference,
                                    .is_best = is_best};
    }
    return STATUS_DONE;
}

int report_draw_pictures(struct app *app, struct drawer *drawer, struct report_measured *measured)
{
    const struct compare_run *run = &measured->run;
    (void)app;
    measured->pictures =
        app_alloc(run->worst.count + run->best.count + 1, sizeof *measured->pictures);
    measured->data.shown = measured->pictures;
    drawer_begin(drawer, run->sides[0].engine);
    const int status = draw_list(drawer, &run->worst, false, measured);
    return status == STATUS_DONE ? draw_list(drawer, &run->best, true, measured) : status;
}

/* ---- all ---- */

int report_measure(struct app *app, struct report_request *request, struct drawer *drawer,
                   struct report_measured *measured)
{
    struct report_data *data = &measured->data;
    int status = run_comparison(app, request, measured);
    if (status != STATUS_DONE)
        return status;
    const char *slash = strrchr(request->engine, '/');
    data->title = slash ? slash + 1 : request->engine;
    data->command = request->command;
    octet_engine_info(measured->run.sides[1].engine, &data->info);
    fill_agreement(measured);
    status = report_measure_speeds(app, request, measured);
    if (status == STATUS_DONE)
        status = report_measure_layers(app, measured);
    if (status == STATUS_DONE)
        status = report_measure_activations(app, request, measured);
    if (status == STATUS_DONE)
        status = report_measure_drift(app, request, measured);
    if (status == STATUS_DONE)
        status = report_draw_pictures(app, drawer, measured);
    if (status == STATUS_DONE) {
        report_collect_facts(app, request, measured);
        judge(measured);
    }
    return status;
}

void report_measured_free(struct report_measured *measured)
{
    struct report_data *data = &measured->data;
    char *const texts[] = {data->verdict,    data->reasons, data->speed_svg, data->size_svg,
                           data->layers_svg, data->drift,   data->drift_svg, data->study_svg};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    for (size_t i = 0; i < data->histogram_count; i++) {
        free(measured->histograms[i].name);
        free(measured->histograms[i].svg);
    }
    for (size_t i = 0; i < data->shown_count; i++) {
        free(measured->pictures[i].label);
        free(measured->pictures[i].jpeg);
    }
    for (size_t i = 0; i < data->fact_count; i++) {
        free(measured->facts[i].key);
        free(measured->facts[i].text);
    }
    free(measured->classes);
    free(measured->layers);
    free(measured->histograms);
    free(measured->pictures);
    free(measured->facts);
    free(measured->result.classes);
    octet_engine_free(&measured->bf16);
    compare_run_close(&measured->run);
}
