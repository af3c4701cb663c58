/* SPDX-License-Identifier: Apache-2.0 */
/* The way of `--float-layers auto`: engines to measure by, times, noise, sets, choice. */
#include "build/auto_layers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/paths.h"
#include "build/auto_state.h"
#include "models/checkpoint.h"
#include "pictures/inputs.h"

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

static int measure_costs(struct mixed_search *search, struct timed_engines *timed)
{
    octet_engine *all_float = NULL, *alternating = NULL;
    int status = build_float(search, search->settings.float_precision, &all_float);
    if (status == STATUS_DONE)
        status = build_alternating(search, &alternating);
    timed->all_float = all_float;
    timed->alternating = alternating;
    if (status == STATUS_DONE)
        status = layer_costs_measure(search->app, timed, &search->costs);
    octet_engine_free(&all_float);
    octet_engine_free(&alternating);
    return status;
}

/* Of an interrupted run, of the file of --costs, or measured. */
static int find_costs(struct mixed_search *search, struct auto_state *state)
{
    struct app *app = search->app;
    const char *path = state->request->costs;
    struct timed_engines timed = {.int8 = search->int8,
                                  .size = state->request->judges->size,
                                  .bf16 = search->settings.float_precision == OCTET_PRECISION_BF16};
    bool taken = false;
    layer_costs_begin(&search->costs, &search->layers, &timed);
    int status = auto_state_take_costs(state, &search->costs, &taken);
    if (status != STATUS_DONE || taken)
        return status;
    if (path && access(path, F_OK) == 0)
        return layer_costs_read(app, path, &search->costs);
    status = measure_costs(search, &timed);
    if (status == STATUS_DONE && path)
        status = layer_costs_write(app, path, &search->costs);
    return status;
}

/* Some of the pictures that measure, for the noise of each layer. */
static int find_pictures(struct mixed_search *search, const struct layers_request *request,
                         struct sources *sources)
{
    struct app *app = search->app;
    const bool quiet = app->quiet;
    app->quiet = true;
    int status = calibration_sources(app, request->judges, sources);
    app->quiet = quiet;
    if (status == STATUS_DONE && !sources_have_at_most(sources, NOISE_PICTURES_MAX))
        status = sources_sample(app, sources, NOISE_PICTURES_MAX, (uint64_t)request->judges->seed);
    return status;
}

static int open_noise(struct mixed_search *search, const struct layers_request *request,
                      const struct sources *sources)
{
    const int status = output_error_open(search->app, search->fp32, request->judges->size, sources,
                                         &search->noise);
    if (status == STATUS_DONE && !search->noise.count)
        return app_fail(search->app, "none of the pictures that measure could be read");
    return status;
}

/* The engine takes the place of none of the labelled pictures and their labels. */
static int protect_labels(const struct mixed_search *search, const struct layers_request *request)
{
    const struct eval_set *set = &search->judge.set;
    struct inputs inputs = {0};
    inputs_add_sources(&inputs, &set->pictures);
    for (size_t i = 0; set->entries && i < set->pictures.count; i++)
        inputs_add(&inputs, set->entries[i].labels);
    const int status = inputs_protect(search->app, &inputs, NULL, request->output);
    inputs_free(&inputs);
    return status;
}

/* What an interrupted run kept is of this model. */
static int check_model(const struct mixed_search *search, const struct layers_request *request)
{
    octet_statistics_info info;
    char *model = layer_costs_fingerprint(search->fp32);
    octet_statistics_info_get(request->statistics, &info);
    const bool same = strcmp(model, info.model_hash) == 0;
    free(model);
    if (same || !request->found)
        return STATUS_DONE;
    return app_fail(search->app,
                    "%s.partial: of another model: resume with the same, or leave out --resume",
                    request->output);
}

/* Whatever is needed to measure, and to tell this choice from another. */
static int prepare(struct mixed_search *search, const struct layers_request *request,
                   struct sources *measuring)
{
    struct app *app = search->app;
    int status = mixed_layers_open(app, request->model, &search->layers);
    if (status == STATUS_DONE)
        status = build_float(search, OCTET_PRECISION_FP32, &search->fp32);
    if (status == STATUS_DONE)
        status = check_model(search, request);
    if (status == STATUS_DONE)
        status = mixed_search_build(search, NULL, OCTET_PRECISION_FP32, &search->int8);
    if (status == STATUS_DONE)
        status = mixed_judge_open(app, request->judges, request->judges_known, &request->labels,
                                  search->fp32, &search->judge);
    if (status == STATUS_DONE)
        status = protect_labels(search, request);
    return status == STATUS_DONE ? find_pictures(search, request, measuring) : status;
}

static int measure(struct mixed_search *search, struct auto_state *state,
                   const struct sources *measuring)
{
    int status = mixed_judge_begin(&search->judge, search->fp32);
    if (status == STATUS_DONE)
        status = find_costs(search, state);
    if (status == STATUS_DONE)
        status = auto_state_save(state, true);
    if (status == STATUS_DONE)
        status = open_noise(search, state->request, measuring);
    if (status == STATUS_DONE)
        status = mixed_search_measure(search);
    if (status == STATUS_DONE)
        status = auto_state_save(state, true);
    if (status == STATUS_DONE)
        mixed_search_order(search);
    return status == STATUS_DONE ? mixed_search_choose(search) : status;
}

/* How far it got, and that it is kept. */
static int interrupted(struct mixed_search *search, struct auto_state *state)
{
    struct app *app = search->app;
    int measured = 0;
    if (!state->path)
        return app_fail(app, "interrupted: nothing was written");
    const int status = auto_state_save(state, true);
    if (status != STATUS_DONE)
        return status;
    for (int i = 0; i < search->layers.item_count; i++)
        measured += !isnan(search->layers.items[i].alone);
    app_forget_signal(); /* what was asked for: an end in good order */
    return app_fail(app,
                    "interrupted with %d of %d layers, blocks and parts measured and %d sets "
                    "judged; the same command with --resume goes on from %s",
                    measured, search->layers.item_count, search->set_count, state->path);
}

static int make_engine(struct mixed_search *search, octet_engine **engine, char **list)
{
    const struct mixed_set *chosen = &search->sets[search->chosen];
    *list = mixed_layers_text(&search->layers, chosen->layers);
    return mixed_search_build(search, chosen->layers, search->settings.float_precision, engine);
}

static int keep(void *keeper, bool now)
{
    const int status = auto_state_save(keeper, now);
    return status == STATUS_DONE && app_interrupted() ? STATUS_FAILED : status;
}

/* A signal lets the measurement that is under way be finished, and what was measured is kept. */
static int search_held(struct mixed_search *search, struct auto_state *state,
                       struct sources *measuring)
{
    int status = prepare(search, state->request, measuring);
    if (status != STATUS_DONE)
        return status;
    if (sources_are_counted(measuring))
        state->path = checkpoint_path(state->request->output);
    if (state->path && !state->found && !state->request->judges_known && path_exists(state->path))
        app_say(state->app, "%s, which an interrupted run left, is not used: no --resume",
                state->path);
    state->measuring = checkpoint_hash_list(measuring);
    status = auto_state_take(state, search);
    if (status != STATUS_DONE)
        return status;
    status = measure(search, state, measuring);
    return status != STATUS_DONE && app_interrupted() ? interrupted(search, state) : status;
}

int auto_layers(struct app *app, const struct layers_request *request, struct mixed_search *search,
                octet_engine **engine, char **list)
{
    struct auto_state state = {
        .app = app, .request = request, .search = search, .found = request->found};
    struct sources measuring = {0};
    *search = (struct mixed_search){.app = app,
                                    .model = request->model,
                                    .statistics = request->statistics,
                                    .settings = request->settings,
                                    .allowed = request->allowed,
                                    .chosen = -1,
                                    .keep = keep,
                                    .keeper = &state};
    app_hold_signals();
    int status = search_held(search, &state, &measuring);
    if (status == STATUS_DONE)
        status = make_engine(search, engine, list);
    if (status == STATUS_DONE && app_interrupted())
        status = interrupted(search, &state);
    app_release_signals();
    sources_free(&measuring);
    free(state.path);
    search->keeper = NULL;
    return status;
}
