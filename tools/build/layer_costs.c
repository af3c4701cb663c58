/* SPDX-License-Identifier: Apache-2.0 */
/* Times layers by the library's own clock of each, in engines that take turns, and adds up what a
 * mixed engine of the same layers takes. */
#include "build/layer_costs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/median.h"
#include "app/progress.h"
#include "app/session_settings.h"
#include "models/model_file.h"
#include "models/noise.h"

enum { ROUNDS = 15, ROUNDS_LEAST = 3, ENGINES = 3 };
#define ENOUGH_MS 10000.0
#define SPREAD_MOST                                                                                \
    1.25 /* of the rounds' median beside the least, on a machine with nothing else */

/* One engine's session and the least time of each of its layers. */
struct timed {
    const octet_engine *engine;
    octet_session *session;
    int count;
    double *sum_ms, *least_ms; /* [count]: of all runs; of one */
};

/* Layer `index`, and the model's layer that it is; -1: it converts. `*next` is where to look. */
static int layer_of(const struct mixed_layers *layers, const octet_engine *engine, int index,
                    int *next, octet_layer_info *info)
{
    octet_engine_layer(engine, index, info);
    for (int i = *next; i < layers->count; i++) {
        if (strcmp(layers->info[i].name, info->name) != 0 ||
            strcmp(info->operation, "Quantize") == 0 || strcmp(info->operation, "Dequantize") == 0)
            continue;
        *next = i + 1;
        return i;
    }
    return -1;
}

static double elements(const octet_layer_info *info)
{
    return (double)info->output_channels * info->output_height * info->output_width;
}

static octet_status open_timed(struct app *app, const struct timed_engines *engines,
                               struct timed *timed)
{
    octet_info info;
    octet_session_settings settings = app_session_settings(app, NULL, engines->size);
    settings.profile = 1;
    octet_engine_info(timed->engine, &info);
    timed->count = info.layer_count;
    timed->sum_ms = app_alloc((size_t)timed->count, sizeof *timed->sum_ms);
    timed->least_ms = app_alloc((size_t)timed->count, sizeof *timed->least_ms);
    for (int i = 0; i < timed->count; i++)
        timed->least_ms[i] = INFINITY;
    const octet_status status =
        octet_session_open(app->context, timed->engine, &settings, &timed->session);
    return status == OCTET_OK ? noise_set(timed->session, 1) : status;
}

/* A run; the first of all is not looked at. */
static octet_status run(struct timed *timed, bool counts)
{
    const octet_status status = octet_session_run(timed->session);
    for (int i = 0; i < timed->count && status == OCTET_OK; i++) {
        const double sum = octet_session_layer_ms(timed->session, i);
        if (counts)
            timed->least_ms[i] = fmin(timed->least_ms[i], sum - timed->sum_ms[i]);
        timed->sum_ms[i] = sum;
    }
    return status;
}

/* The engines in turn. Returns the library's status; `*failed` is whose. */
static octet_status run_all(struct timed timed[ENGINES], bool counts, int *failed)
{
    octet_status status = OCTET_OK;
    for (int i = 0; i < ENGINES && status == OCTET_OK; i++) {
        *failed = i;
        status = run(&timed[i], counts);
    }
    return status;
}

/* Says so where other work on the machine has stretched the times. */
static void judge_rounds(struct app *app, double *round_ms, size_t count)
{
    if (count && median_of(round_ms, count) > SPREAD_MOST * round_ms[0]) /* sorted by then */
        app_say(app, "warning: the machine is busy, so that times of layers say little: time them "
                     "when it is not, and keep them with --costs FILE");
}

static int run_rounds(struct app *app, struct timed timed[ENGINES])
{
    struct progress progress;
    const double start_ms = app_now_ms();
    double round_ms[ROUNDS];
    octet_status status = OCTET_OK;
    int failed = 0, round = 0;
    app_progress(app, &progress, "timing layers", ROUNDS);
    for (; round < ROUNDS && status == OCTET_OK && !app_interrupted() &&
           (round < ROUNDS_LEAST || app_now_ms() - start_ms < ENOUGH_MS);
         round++) {
        const double before_ms = app_now_ms();
        status = run_all(timed, round > 0, &failed);
        round_ms[round] = app_now_ms() - before_ms;
        progress_add(&progress, 1);
    }
    progress_finish(&progress);
    if (app_interrupted())
        return STATUS_FAILED;
    if (status != OCTET_OK)
        return app_fail_library(app, status, octet_session_message(timed[failed].session));
    judge_rounds(app, round_ms + 1, (size_t)round - 1);
    return STATUS_DONE;
}

char *layer_costs_fingerprint(const octet_engine *engine)
{
    const char *hash = engine_model_hash(engine);
    return app_strdup(hash ? hash : "");
}

void layer_costs_begin(struct layer_costs *costs, const struct mixed_layers *layers,
                       const struct timed_engines *engines)
{
    octet_info info;
    octet_engine_info(engines->int8, &info);
    *costs = (struct layer_costs){
        .layers = layers,
        .int8_ms = app_alloc((size_t)layers->count, sizeof *costs->int8_ms),
        .float_ms = app_alloc((size_t)layers->count, sizeof *costs->float_ms),
        .model = layer_costs_fingerprint(engines->int8),
        .height = engines->size.height ? engines->size.height : info.input_height,
        .width = engines->size.width ? engines->size.width : info.input_width,
        .bf16 = engines->bf16};
}

/* The size at which layers are timed beside that of which they tell. */
static double size_ratio(const struct layer_costs *costs)
{
    octet_info info;
    octet_model_info(costs->layers->model, &info);
    return (double)costs->height * costs->width / ((double)info.input_height * info.input_width);
}

static void take_times(struct layer_costs *costs, const struct timed timed[ENGINES])
{
    double *const into[2] = {costs->int8_ms, costs->float_ms};
    double converting_ms = 0, converted = 0;
    octet_layer_info info;
    for (int e = 0; e < ENGINES; e++) {
        for (int i = 0, next = 0; i < timed[e].count; i++) {
            const int layer = layer_of(costs->layers, timed[e].engine, i, &next, &info);
            if (layer >= 0 && e < 2) {
                into[e][layer] = timed[e].least_ms[i];
            } else if (layer < 0) {
                converting_ms += timed[e].least_ms[i];
                converted += elements(&info);
            }
        }
    }
    if (converted > 0)
        costs->conversion_ns = converting_ms * 1e6 / (converted * size_ratio(costs));
}

int layer_costs_measure(struct app *app, const struct timed_engines *engines,
                        struct layer_costs *costs)
{
    struct timed timed[ENGINES] = {{.engine = engines->int8},
                                   {.engine = engines->all_float},
                                   {.engine = engines->alternating}};
    int result = STATUS_DONE;
    for (int i = 0; i < ENGINES && result == STATUS_DONE; i++) {
        const octet_status status = open_timed(app, engines, &timed[i]);
        if (status != OCTET_OK)
            result = app_fail_library(app, status, octet_context_message(app->context));
    }
    if (result == STATUS_DONE)
        result = run_rounds(app, timed);
    if (result == STATUS_DONE) {
        take_times(costs, timed);
        costs->kernels = app_strdup(octet_session_cpu(timed[0].session));
        costs->threads = octet_session_threads(timed[0].session);
    }
    for (int i = 0; i < ENGINES; i++) {
        octet_session_close(&timed[i].session);
        free(timed[i].sum_ms);
        free(timed[i].least_ms);
    }
    return result;
}

double layer_costs_of(const struct layer_costs *costs, const octet_engine *engine)
{
    octet_info engine_info;
    octet_layer_info info;
    double ms = 0;
    const double ratio = size_ratio(costs);
    octet_engine_info(engine, &engine_info);
    for (int i = 0, next = 0; i < engine_info.layer_count; i++) {
        const int layer = layer_of(costs->layers, engine, i, &next, &info);
        if (layer < 0)
            ms += elements(&info) * ratio * costs->conversion_ns * 1e-6;
        else
            ms += info.precision == OCTET_PRECISION_INT8 ? costs->int8_ms[layer]
                                                         : costs->float_ms[layer];
    }
    return ms;
}

void layer_costs_free(struct layer_costs *costs)
{
    free(costs->int8_ms);
    free(costs->float_ms);
    free(costs->kernels);
    free(costs->model);
    *costs = (struct layer_costs){0};
}
