/* SPDX-License-Identifier: Apache-2.0 */
/* The way of `--float-layers auto`: engines to measure by, times, noise, sets, choice. */
#include "build/auto_layers.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool auto_layers_asked(const char *words, double *allowed)
{
    char *end;
    *allowed = LOSS_DEFAULT;
    if (!words || strncmp(words, "auto", 4) != 0 || (words[4] && words[4] != ':'))
        return false;
    if (!words[4])
        return true;
    *allowed = strtod(words + 5, &end);
    if (end == words + 5 || *end || !(*allowed >= 0 && *allowed <= LOSS_MAX))
        *allowed = -1;
    return true;
}

/* All layers float, as those that are left float are. */
static int build_float(struct mixed_search *search, octet_precision precision,
                       octet_engine **engine)
{
    octet_build_settings settings = search->settings;
    settings.precision = precision;
    settings.float_layers = NULL;
    settings.float_precision = OCTET_PRECISION_FP32;
    const octet_status status =
        octet_build(search->app->context, search->model, NULL, &settings, engine);
    return status == OCTET_OK
               ? STATUS_DONE
               : app_fail_library(search->app, status, octet_context_message(search->app->context));
}

/* Every other item of several layers is float, so that types change often. */
static int build_alternating(struct mixed_search *search, octet_engine **engine)
{
    const struct mixed_layers *layers = &search->layers;
    unsigned char *set = app_alloc((size_t)layers->count, 1);
    for (int i = 0; i < layers->single_count; i += 4)
        for (int k = i; k < i + 2 && k < layers->single_count; k++)
            for (int n = 0; n < layers->count; n++)
                set[n] |= layers->items[k].layers[n];
    const int status = mixed_search_build(search, set, search->settings.float_precision, engine);
    free(set);
    return status;
}

static int find_costs(struct mixed_search *search, const struct layers_request *request)
{
    octet_engine *all_float = NULL, *alternating = NULL;
    struct app *app = search->app;
    struct timed_engines timed = {.int8 = search->int8,
                                  .size = request->judges->size,
                                  .bf16 = search->settings.float_precision == OCTET_PRECISION_BF16};
    if (request->costs && access(request->costs, F_OK) == 0)
        return layer_costs_read(app, request->costs, &search->layers, &timed, &search->costs);
    int status = build_float(search, search->settings.float_precision, &all_float);
    if (status == STATUS_DONE)
        status = build_alternating(search, &alternating);
    timed.all_float = all_float;
    timed.alternating = alternating;
    if (status == STATUS_DONE)
        status = layer_costs_measure(app, &search->layers, &timed, &search->costs);
    if (status == STATUS_DONE && request->costs)
        status = layer_costs_write(app, request->costs, &search->costs);
    octet_engine_free(&all_float);
    octet_engine_free(&alternating);
    return status;
}

/* Some of the pictures that judge, for the noise of each layer. */
static int open_noise(struct mixed_search *search, const struct layers_request *request)
{
    struct app *app = search->app;
    struct sources sources = {0};
    const bool quiet = app->quiet;
    app->quiet = true;
    int status = calibration_sources(app, request->judges, &sources);
    app->quiet = quiet;
    if (status == STATUS_DONE && !sources_have_at_most(&sources, NOISE_PICTURES_MAX))
        status = sources_sample(app, &sources, NOISE_PICTURES_MAX, (uint64_t)request->judges->seed);
    if (status == STATUS_DONE)
        status =
            output_error_open(app, search->fp32, request->judges->size, &sources, &search->noise);
    sources_free(&sources);
    if (status == STATUS_DONE && !search->noise.count)
        return app_fail(app, "none of the pictures that measure could be read");
    return status;
}

static int make_engine(struct mixed_search *search, octet_engine **engine, char **list)
{
    const struct mixed_set *chosen = &search->sets[search->chosen];
    *list = mixed_layers_text(&search->layers, chosen->layers);
    return mixed_search_build(search, chosen->layers, search->settings.float_precision, engine);
}

int auto_layers(struct app *app, const struct layers_request *request, struct mixed_search *search,
                octet_engine **engine, char **list)
{
    *search = (struct mixed_search){.app = app,
                                    .model = request->model,
                                    .statistics = request->statistics,
                                    .settings = request->settings,
                                    .allowed = request->allowed,
                                    .chosen = -1};
    int status = mixed_layers_open(app, request->model, &search->layers);
    if (status == STATUS_DONE)
        status = build_float(search, OCTET_PRECISION_FP32, &search->fp32);
    if (status == STATUS_DONE)
        status = mixed_search_build(search, NULL, OCTET_PRECISION_FP32, &search->int8);
    if (status == STATUS_DONE)
        status = mixed_judge_open(app, request->judges, request->judges_known, request->annotations,
                                  search->fp32, &search->judge);
    if (status == STATUS_DONE)
        status = find_costs(search, request);
    if (status == STATUS_DONE)
        status = open_noise(search, request);
    if (status == STATUS_DONE)
        status = mixed_search_measure(search);
    if (status == STATUS_DONE)
        mixed_search_order(search);
    if (status == STATUS_DONE)
        status = mixed_search_choose(search);
    return status == STATUS_DONE ? make_engine(search, engine, list) : status;
}
