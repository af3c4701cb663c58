/* SPDX-License-Identifier: Apache-2.0 */
/* Starts calibrations: their settings, and the statistics that they gather in. */
#include "compiler/calibrate/calibration.h"

#include <string.h>

#include "runtime/backend/cpu/cpu_backend.h"
#include "runtime/backend/cpu/kernels/kernels.h"
#include "runtime/session/find_backend.h"

/* Of any tensor that is observed. */
static int most_channels(const struct oct_network *network)
{
    int most = 1;
    for (int i = 0; i < network->layer_count; i++) {
        const int channels = network->tensors[network->layers[i].output].channels;
        most = channels > most ? channels : most;
    }
    return most;
}

/* ---- statistics to gather in ---- */

static const char *source_of(const octet_calibration_settings *settings)
{
    return settings->source ? settings->source : "";
}

static octet_status name_tensors(octet_context *ctx, octet_calibration *c)
{
    const struct oct_network *network = &c->engine->network;
    octet_status status = oct_statistics_create(ctx, network->layer_count, &c->statistics);
    for (int i = 0; i < network->layer_count && !status; i++) {
        const struct oct_tensor *t = &network->tensors[network->layers[i].output];
        status = oct_statistics_name(ctx, c->statistics, i, t->name, t->channels);
    }
    return status;
}

static octet_status make_statistics(octet_context *ctx, octet_calibration *c, const char *hash,
                                    const octet_calibration_settings *settings)
{
    octet_status status = name_tensors(ctx, c);
    for (int v = 0; v < c->view_count && !status; v++)
        status = oct_statistics_need_part(ctx, c->statistics, c->views[v].height, c->views[v].width,
                                          source_of(settings), &c->views[v].part);
    if (!status && settings->shards > 1)
        status = oct_shards_add(ctx, &c->statistics->shards, settings->run, settings->shard,
                                settings->shards);
    if (status)
        return status;
    memcpy(c->statistics->model_hash, hash, sizeof c->statistics->model_hash);
    c->statistics->include_padding = settings->include_padding != 0;
    return OCTET_OK;
}

/* Whether statistics to go on from have the parts that will be gathered. */
static octet_status check_parts(octet_context *ctx, const octet_statistics *from,
                                const octet_statistics *made)
{
    for (int p = 0; p < from->part_count || p < made->part_count; p++) {
        const struct oct_statistics_part *a = p < from->part_count ? from->parts[p] : NULL;
        const struct oct_statistics_part *b = p < made->part_count ? made->parts[p] : NULL;
        if (!a || !b)
            return oct_fail(ctx, OCTET_MISMATCH,
                            "the statistics to go on from have %d sizes and sources, not %d",
                            from->part_count, made->part_count);
        if (a->height != b->height || a->width != b->width)
            return oct_fail(ctx, OCTET_MISMATCH,
                            "the statistics to go on from were gathered at %dx%d, not at %dx%d",
                            a->height, a->width, b->height, b->width);
        if (strcmp(a->source, b->source) != 0)
            return oct_fail(ctx, OCTET_MISMATCH,
                            "the statistics to go on from are of source \"%.80s\", not \"%.80s\"",
                            a->source, b->source);
    }
    return OCTET_OK;
}

/* Whether statistics could have been gathered by this calibration. */
static octet_status check_from(octet_context *ctx, const octet_calibration *c,
                               const octet_statistics *from)
{
    const octet_statistics *made = c->statistics;
    if (oct_statistics_fit(from, &c->engine->network, made->model_hash) != OCT_FIT_SAME)
        return oct_fail(ctx, OCTET_MISMATCH,
                        "the statistics to go on from belong to another model (%.12s..., this one "
                        "is %.12s...)",
                        from->model_hash, made->model_hash);
    const octet_status status = check_parts(ctx, from, made);
    if (status)
        return status;
    if (from->include_padding != made->include_padding)
        return oct_fail(ctx, OCTET_MISMATCH,
                        "the statistics to go on from differ in whether padding was counted");
    return oct_shards_equal(&from->shards, &made->shards)
               ? OCTET_OK
               : oct_fail(ctx, OCTET_MISMATCH, "the statistics to go on from are of another shard");
}

/* Takes a copy of statistics to go on from in place of the empty ones. */
static octet_status go_on_from(octet_context *ctx, octet_calibration *c,
                               const octet_statistics *from)
{
    octet_statistics *copy;
    octet_status status = check_from(ctx, c, from);
    if (!status)
        status = oct_statistics_copy(ctx, from, &copy);
    if (status)
        return status;
    for (int v = 0; v < c->view_count; v++) {
        struct oct_calibration_view *view = &c->views[v];
        view->part = oct_statistics_part(copy, view->height, view->width, view->part->source);
    }
    oct_statistics_free(c->statistics);
    c->statistics = copy;
    return OCTET_OK;
}

/* ---- sessions ---- */

/* What all sessions are opened with. */
static octet_status prepare_sessions(octet_context *ctx, octet_calibration *c,
                                     const octet_calibration_settings *settings)
{
    c->session = (octet_session_settings){.batch = 1, .threads = settings->threads};
    if (settings->cpu && !(c->session.cpu = oct_arena_strdup(&c->arena, settings->cpu)))
        return oct_fail_memory(ctx, "calibration");
    return oct_backend_find(ctx, settings->device, &c->backend, &c->device);
}

static octet_status open_views(octet_context *ctx, octet_calibration *c,
                               const octet_calibration_settings *settings)
{
    const int count = settings->size_count > 0 ? settings->size_count : 1;
    octet_status status = prepare_sessions(ctx, c, settings);
    c->views = oct_arena_calloc(&c->arena, (size_t)count, sizeof *c->views);
    if (!c->views)
        return oct_fail_memory(ctx, "calibration");
    c->one_at_a_time = count > 1 && c->backend == &oct_cpu_backend;
    for (; c->view_count < count && !status; c->view_count++) {
        struct oct_calibration_view *view = &c->views[c->view_count];
        const octet_input_size one = {settings->height, settings->width};
        const octet_input_size size = settings->size_count ? settings->sizes[c->view_count] : one;
        view->height = size.height;
        view->width = size.width;
        status = oct_calibration_open(ctx, c, view);
        if (c->one_at_a_time) {
            oct_session_close(view->session);
            view->session = NULL;
        }
        for (int v = 0; v < c->view_count && !status; v++)
            if (c->views[v].height == view->height && c->views[v].width == view->width)
                status = oct_fail(ctx, OCTET_INVALID_ARGUMENT, "size %dx%d is there twice",
                                  view->height, view->width);
    }
    if (!status && c->backend != &oct_cpu_backend)
        oct_log(ctx, OCTET_LOG_WARNING,
                "a GPU sums in another order: its statistics differ in last digits from the CPU's");
    return status;
}

/* What letterboxes and measures the pictures. */
static octet_status find_kernels(octet_context *ctx, octet_calibration *c, const char *cpu)
{
    unsigned sets = 0;
    struct oct_kernels kernels;
    const octet_status status = oct_cpu_parse(ctx, cpu, &sets);
    if (status)
        return status;
    oct_kernels_fill(&kernels, sets);
    c->resize = kernels.resize;
    c->measure = kernels.measure;
    return OCTET_OK;
}

static octet_status open_all(octet_context *ctx, octet_calibration *c, const char *hash,
                             const octet_calibration_settings *settings)
{
    octet_status status = open_views(ctx, c, settings);
    if (!status)
        status = make_statistics(ctx, c, hash, settings);
    if (!status && settings->from)
        status = go_on_from(ctx, c, settings->from);
    if (!status)
        status = oct_threads_create(ctx, settings->threads, &c->threads);
    if (!status)
        status = find_kernels(ctx, c, settings->cpu);
    if (!status)
        status = oct_observer_scratch_create(ctx, &c->measure, oct_threads_count(c->threads),
                                             most_channels(&c->engine->network), &c->scratch);
    return status ? status : oct_calibration_make_room(ctx, c);
}

static octet_status check_settings(octet_context *ctx, const octet_calibration_settings *settings)
{
    if (settings->size_count < 0 || settings->size_count > OCT_PARTS_MAX ||
        (settings->size_count > 0 && (!settings->sizes || settings->height || settings->width)))
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT,
                        "sizes: up to %d, and no height and width beside them", OCT_PARTS_MAX);
    if (!oct_source_name_valid(source_of(settings)))
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT,
                        "a source's name is one line of UTF-8 of at most %d bytes",
                        OCT_SOURCE_NAME_MAX);
    if (settings->shards < 0 || settings->shards > OCT_SHARDS_MAX || settings->shard < 0 ||
        settings->shard > settings->shards || (settings->shards > 0 && settings->shard == 0))
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT,
                        "shard %d/%d: there are 1/N to N/N, N up to %d", settings->shard,
                        settings->shards, OCT_SHARDS_MAX);
    if (settings->shards > 1 && (!settings->run || !oct_run_name_valid(settings->run)))
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT,
                        "shards need the run's name: 1 to %d letters, digits, dots, dashes and "
                        "underscores",
                        OCT_RUN_NAME_MAX);
    return OCTET_OK;
}

octet_status oct_calibration_create(octet_context *ctx, octet_engine *engine, const char *hash,
                                    const octet_calibration_settings *settings,
                                    octet_calibration **created)
{
    octet_calibration *c = oct_calloc(ctx, 1, sizeof *c);
    *created = NULL;
    if (!c) {
        oct_engine_free(engine);
        return oct_fail_memory(ctx, "calibration");
    }
    oct_context_inherit(&c->own, ctx);
    oct_arena_init(&c->arena, &c->own);
    c->engine = engine;
    octet_status status = check_settings(ctx, settings);
    if (!status)
        status = open_all(ctx, c, hash, settings);
    if (status) {
        oct_calibration_free(c);
        return status;
    }
    *created = c;
    return OCTET_OK;
}

void oct_calibration_free(octet_calibration *c)
{
    if (!c)
        return;
    struct octet_context last = c->own;
    for (int v = 0; v < c->view_count; v++) {
        oct_session_close(c->views[v].session);
        oct_free(&last, c->views[v].rgb);
    }
    oct_arena_clear(&c->arena);
    oct_engine_free(c->engine);
    oct_statistics_free(c->statistics);
    oct_threads_destroy(&c->threads);
    oct_observer_scratch_free(&last, c->scratch);
    oct_free(&last, c->letterbox.memory);
    oct_free(&last, c);
}
