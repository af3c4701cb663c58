/* SPDX-License-Identifier: Apache-2.0 */
/* Times the float model, bfloat16 and the engine in turn on this machine, and the engine's layers
 * one by one. */
#include <math.h>
#include <stdlib.h>

#include "app/cache_folder.h"
#include "app/median.h"
#include "app/progress.h"
#include "models/model_file.h"
#include "models/noise.h"
#include "plot/plot_bars.h"
#include "plot/plot_svg.h"
#include "report/report_measure.h"

enum { ROUNDS = 21, RUNS = 2, ENTRANTS = 3, LAYER_RUNS = 9 };
#define ENOUGH_MS 10000.0
#define ROUNDS_LEAST 5

struct entrant {
    const char *name;
    const octet_engine *engine;
    octet_session *session;
    bool is_engine;
    double ms[ROUNDS];
};

static int open_session(struct app *app, const struct report_measured *measured,
                        const octet_engine *engine, bool profile, octet_session **session)
{
    const octet_session *b = measured->run.sides[1].session;
    octet_session_settings settings;
    octet_session_defaults(&settings);
    settings.height = octet_session_height(b);
    settings.width = octet_session_width(b);
    settings.threads = app->threads;
    settings.cpu = app->cpu;
    settings.profile = profile;
    settings.device = measured->run.sides[1].device;
    settings.cache = cache_folder(app, settings.device);
    octet_status status = octet_session_open(app->context, engine, &settings, session);
    if (status == OCTET_OK)
        status = noise_set(*session, 1);
    if (status == OCTET_OK)
        status = octet_session_run(*session);
    return status == OCTET_OK ? STATUS_DONE
                              : app_fail_library(app, status,
                                                 *session ? octet_session_message(*session)
                                                          : octet_context_message(app->context));
}

/* bfloat16 of the ONNX file; a model that is an engine has none. */
static int build_bf16(struct app *app, const char *path, octet_engine **engine)
{
    enum file_kind kind;
    octet_model *model = NULL;
    octet_build_settings settings;
    int status = file_kind_of(app, path, &kind);
    if (status != STATUS_DONE || kind != FILE_ONNX)
        return status;
    octet_build_defaults(&settings);
    settings.precision = OCTET_PRECISION_BF16;
    status = model_open(app, path, &model);
    if (status == STATUS_DONE &&
        octet_build(app->context, model, NULL, &settings, engine) != OCTET_OK)
        status = app_fail(app, "%s", octet_context_message(app->context));
    octet_model_free(&model);
    return status;
}

/* Each twice a round, of which the quicker counts. */
static octet_status time_round(struct entrant *entrants, int count, int round)
{
    for (int i = 0; i < count; i++) {
        double least_ms = INFINITY;
        for (int run = 0; run < RUNS; run++) {
            const double start_ms = app_now_ms();
            const octet_status status = octet_session_run(entrants[i].session);
            if (status != OCTET_OK)
                return status;
            least_ms = fmin(least_ms, app_now_ms() - start_ms);
        }
        entrants[i].ms[round] = least_ms;
    }
    return OCTET_OK;
}

static int time_all(struct app *app, struct entrant *entrants, int count, int *rounds)
{
    struct progress progress;
    const double start_ms = app_now_ms();
    octet_status status = OCTET_OK;
    app_progress(app, &progress, "timing", ROUNDS);
    for (*rounds = 0; *rounds < ROUNDS && status == OCTET_OK && !app_interrupted(); ++*rounds) {
        if (*rounds >= ROUNDS_LEAST && app_now_ms() - start_ms > ENOUGH_MS)
            break;
        status = time_round(entrants, count, *rounds);
        progress_add(&progress, 1);
    }
    progress_finish(&progress);
    if (app_interrupted())
        return app_fail(app, "interrupted: no report was written");
    return status == OCTET_OK ? STATUS_DONE : app_fail_library(app, status, "");
}

static char *bars(const char *title, const char *unit, const struct report_speed *speeds,
                  size_t count, bool sizes)
{
    const char *names[ENTRANTS];
    double values[ENTRANTS];
    for (size_t i = 0; i < count; i++) {
        names[i] = speeds[i].name;
        values[i] = sizes ? (double)speeds[i].weight_bytes / 1e6 : speeds[i].median_ms;
    }
    const struct plot_bar_group group = {NULL, values};
    const struct plot_bars chart = {.title = title,
                                    .description = title,
                                    .x_name = unit,
                                    .names = names,
                                    .count = count,
                                    .groups = &group,
                                    .group_count = 1};
    struct plot_drawing drawing = {0};
    size_t length;
    plot_bars_draw(&chart, &drawing);
    char *svg = plot_svg(&drawing, &length);
    plot_close(&drawing);
    return svg;
}

static void fill_speeds(struct report_measured *measured, struct entrant *entrants, int count,
                        int rounds)
{
    struct report_data *data = &measured->data;
    for (int i = 0; i < count; i++) {
        octet_info info;
        octet_engine_info(entrants[i].engine, &info);
        const double median_ms = median_of(entrants[i].ms, (size_t)rounds);
        measured->speeds[i] = (struct report_speed){
            .name = entrants[i].name,
            .median_ms = median_ms,
            .p90_ms = entrants[i].ms[(size_t)(0.9 * (rounds - 1))], /* sorted by the median */
            .weight_bytes = info.weight_bytes,
            .is_engine = entrants[i].is_engine,
        };
    }
    data->speeds = measured->speeds;
    data->speed_count = (size_t)count;
    data->speed_svg = bars("Time of the network", "milliseconds, median", measured->speeds,
                           data->speed_count, false);
    data->size_svg = bars("Weights", "megabytes", measured->speeds, data->speed_count, true);
}

int report_measure_speeds(struct app *app, const struct report_request *request,
                          struct report_measured *measured)
{
    const struct compare_side *sides = measured->run.sides;
    int status = build_bf16(app, request->model, &measured->bf16);
    struct entrant entrants[ENTRANTS];
    int count = 0, rounds = 0;
    entrants[count++] = (struct entrant){.name = "the float model", .engine = sides[0].engine};
    if (measured->bf16)
        entrants[count++] = (struct entrant){.name = "bfloat16", .engine = measured->bf16};
    entrants[count++] =
        (struct entrant){.name = "this engine", .engine = sides[1].engine, .is_engine = true};
    for (int i = 0; i < count && status == STATUS_DONE; i++)
        status = open_session(app, measured, entrants[i].engine, false, &entrants[i].session);
    if (status == STATUS_DONE)
        status = time_all(app, entrants, count, &rounds);
    if (status == STATUS_DONE)
        fill_speeds(measured, entrants, count, rounds);
    for (int i = 0; i < count; i++)
        octet_session_close(&entrants[i].session);
    return status;
}

/* The share of the engine's time that each layer takes. */
static int time_layers(struct app *app, struct report_measured *measured, double *shares)
{
    octet_session *session = NULL;
    double sum = 0;
    const int layers = measured->data.info.layer_count;
    int status = open_session(app, measured, measured->run.sides[1].engine, true, &session);
    for (int i = 0; i < LAYER_RUNS && status == STATUS_DONE; i++)
        if (octet_session_run(session) != OCTET_OK)
            status = app_fail(app, "%s", octet_session_message(session));
    for (int i = 0; i < layers && status == STATUS_DONE; i++)
        sum += shares[i] = octet_session_layer_ms(session, i);
    for (int i = 0; i < layers && status == STATUS_DONE; i++)
        shares[i] = sum > 0 && shares[i] >= 0 ? shares[i] / sum : NAN;
    octet_session_close(&session);
    return status;
}

static char *layer_bars(const struct report_data *data)
{
    const size_t count = data->layer_count;
    const char **names = app_alloc(count + 1, sizeof *names);
    double *through = app_alloc(count + 1, sizeof *through);
    double *alone = app_alloc(count + 1, sizeof *alone);
    size_t shown = 0, length;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(data->layers[i].through_db))
            continue;
        names[shown] = data->layers[i].info.name;
        through[shown] = data->layers[i].through_db;
        alone[shown++] = data->layers[i].alone_db;
    }
    const struct plot_bar_group groups[] = {{"through the network", through}, {"alone", alone}};
    const struct plot_bars chart = {.title = "Signal to quantisation noise",
                                    .description = "Decibels of each layer's output; low is bad",
                                    .x_name = "dB",
                                    .names = names,
                                    .count = shown,
                                    .groups = groups,
                                    .group_count = 2};
    struct plot_drawing drawing = {0};
    char *svg = NULL;
    if (shown) {
        plot_bars_draw(&chart, &drawing);
        svg = plot_svg(&drawing, &length);
        plot_close(&drawing);
    }
    free(names);
    free(through);
    free(alone);
    return svg;
}

int report_measure_layers(struct app *app, struct report_measured *measured)
{
    struct report_data *data = &measured->data;
    const struct layer_noise *noise = &measured->run.layers;
    const size_t count = (size_t)data->info.layer_count;
    double *shares = app_alloc(count, sizeof *shares);
    const int status = time_layers(app, measured, shares);
    measured->layers = app_alloc(count, sizeof *measured->layers);
    for (size_t i = 0; i < count; i++) {
        struct report_layer *layer = &measured->layers[i];
        octet_engine_layer(measured->run.sides[1].engine, (int)i, &layer->info);
        layer->share = shares[i];
        layer->through_db = layer->alone_db = NAN;
    }
    for (int i = 0; i < noise->count; i++) {
        struct report_layer *layer = &measured->layers[noise->pairs[i].b_layer];
        layer->through_db = noise_decibels(&noise->pairs[i].through);
        if (noise->alone)
            layer->alone_db = noise_decibels(&noise->pairs[i].alone);
    }
    data->layers = measured->layers;
    data->layer_count = count;
    data->layers_svg = layer_bars(data);
    free(shares);
    return status;
}
