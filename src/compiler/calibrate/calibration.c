/* SPDX-License-Identifier: Apache-2.0 */
/* Calibrates: pictures are letterboxed here, run in float, and every layer's output is added to the
 * statistics. */
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

static octet_status make_records(octet_context *ctx, octet_calibration *c)
{
    const struct oct_network *network = &c->engine->network;
    octet_status status = oct_statistics_create(ctx, network->layer_count, &c->statistics);
    for (int i = 0; i < network->layer_count && !status; i++) {
        const struct oct_tensor *t = &network->tensors[network->layers[i].output];
        status = oct_statistics_room(ctx, c->statistics, i, t->name, t->channels);
    }
    return status;
}

/* Whether statistics could have been gathered by this calibration. */
static octet_status check_from(octet_context *ctx, const octet_calibration *c, const char *hash,
                               const octet_calibration_settings *settings)
{
    const octet_statistics *from = settings->from;
    if (oct_statistics_fit(from, &c->engine->network, hash) != OCT_FIT_SAME)
        return oct_fail(ctx, OCTET_MISMATCH,
                        "the statistics to go on from belong to another model (%.12s..., this one "
                        "is %.12s...)",
                        from->model_hash, hash);
    if (from->input_height != c->height || from->input_width != c->width)
        return oct_fail(ctx, OCTET_MISMATCH,
                        "the statistics to go on from were gathered at %dx%d, not at %dx%d",
                        from->input_height, from->input_width, c->height, c->width);
    if (from->include_padding != (settings->include_padding != 0))
        return oct_fail(ctx, OCTET_MISMATCH,
                        "the statistics to go on from differ in whether padding was counted");
    return OCTET_OK;
}

/* Empty statistics, or a copy of those to go on from. */
static octet_status start_statistics(octet_context *ctx, octet_calibration *c, const char *hash,
                                     const octet_calibration_settings *settings)
{
    if (!settings->from)
        return make_records(ctx, c);
    const octet_status status = check_from(ctx, c, hash, settings);
    return status ? status : oct_statistics_copy(ctx, settings->from, &c->statistics);
}

static octet_status open_session(octet_context *ctx, octet_calibration *c,
                                 const octet_calibration_settings *settings)
{
    const octet_session_settings session = {.height = settings->height,
                                            .width = settings->width,
                                            .batch = 1,
                                            .threads = settings->threads,
                                            .cpu = settings->cpu};
    const struct oct_backend *backend;
    int device;
    octet_status status = oct_backend_find(ctx, settings->device, &backend, &device);
    if (!status)
        status = oct_session_open(ctx, backend, device, c->engine, &session, &c->session);
    if (status)
        return status;
    if (backend != &oct_cpu_backend)
        oct_log(ctx, OCTET_LOG_WARNING,
                "a GPU sums in another order: its statistics differ in last digits from the CPU's");
    c->height = oct_session_facts(c->session)->height;
    c->width = oct_session_facts(c->session)->width;
    return OCTET_OK;
}

/* What letterboxes the pictures. */
static octet_status make_letterbox(octet_context *ctx, octet_calibration *c, const char *cpu)
{
    unsigned sets = 0;
    struct oct_kernels kernels;
    const octet_status status = oct_cpu_parse(ctx, cpu, &sets);
    if (status)
        return status;
    oct_kernels_fill(&kernels, sets);
    c->resize = kernels.resize;
    c->letterbox.bytes = oct_letterbox_scratch_bytes(c->width);
    c->letterbox.memory = oct_malloc(ctx, c->letterbox.bytes, 1);
    c->rgb = oct_malloc(ctx, (size_t)c->height * (size_t)c->width, 3);
    return c->letterbox.memory && c->rgb ? OCTET_OK : oct_fail_memory(ctx, "calibration");
}

static octet_status open_all(octet_context *ctx, octet_calibration *c, const char *hash,
                             const octet_calibration_settings *settings)
{
    octet_status status = open_session(ctx, c, settings);
    if (!status)
        status = start_statistics(ctx, c, hash, settings);
    if (!status)
        status = oct_threads_create(ctx, settings->threads, &c->threads);
    if (!status)
        status = oct_observer_scratch_create(ctx, oct_threads_count(c->threads),
                                             most_channels(&c->engine->network), &c->scratch);
    return status ? status : make_letterbox(ctx, c, settings->cpu);
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
    c->engine = engine;
    const octet_status status = open_all(ctx, c, hash, settings);
    if (status) {
        oct_calibration_free(c);
        return status;
    }
    memcpy(c->statistics->model_hash, hash, sizeof c->statistics->model_hash);
    c->statistics->input_height = c->height;
    c->statistics->input_width = c->width;
    c->statistics->include_padding = settings->include_padding != 0;
    *created = c;
    return OCTET_OK;
}

void oct_calibration_free(octet_calibration *c)
{
    if (!c)
        return;
    struct octet_context last = c->own;
    oct_session_close(c->session);
    oct_engine_free(c->engine);
    oct_statistics_free(c->statistics);
    oct_threads_destroy(&c->threads);
    oct_observer_scratch_free(&last, c->scratch);
    oct_free(&last, c->letterbox.memory);
    oct_free(&last, c->rgb);
    oct_free(&last, c);
}

static int observe_layer(void *user, int index, int layer, const octet_tensor_view *view)
{
    octet_calibration *c = user;
    const struct oct_region whole = {0, view->height, 0, view->width};
    const struct oct_region region =
        c->statistics->include_padding ? whole : oct_picture_region(view, &c->geometry);
    (void)index;
    if (!oct_observe(view, &region, c->threads, c->scratch, &c->statistics->tensors[layer]))
        c->not_finite = view->name;
    oct_threads_rest(c->threads); /* the session's go on */
    return c->not_finite != NULL;
}

static octet_status letterbox(octet_calibration *c, const octet_image *image)
{
    const struct oct_pixels target = {c->rgb, 3 * (size_t)c->width, 3};
    c->geometry = oct_letterbox_geometry(image->width, image->height, c->width, c->height);
    return oct_letterbox_into(&c->own, &c->resize, image, &c->geometry, &target, &c->letterbox);
}

static octet_status run(octet_calibration *c)
{
    const struct oct_backend_input input = {.rgb = c->rgb};
    octet_status status = oct_session_set(c->session, 0, &input);
    c->not_finite = NULL;
    oct_session_observe(c->session, observe_layer, c);
    if (!status)
        status = oct_session_run(c->session);
    if (c->not_finite)
        return oct_fail(&c->own, OCTET_UNSUPPORTED_MODEL,
                        "tensor \"%s\" is not finite in the float model: it cannot be quantised",
                        c->not_finite);
    return status ? oct_fail(&c->own, status, "%s", oct_session_message(c->session)) : OCTET_OK;
}

octet_status oct_calibration_add(octet_calibration *c, const octet_image *image)
{
    octet_status status = letterbox(c, image);
    if (!status)
        status = run(c);
    if (status)
        return status;
    const octet_letterbox *g = &c->geometry;
    const size_t row_bytes = 3 * (size_t)c->width;
    const struct oct_seen seen = {c->rgb + (size_t)g->pad_top * row_bytes + 3 * (size_t)g->pad_left,
                                  row_bytes, g->resized_width, g->resized_height};
    oct_statistics_count_image(c->statistics, &seen);
    return OCTET_OK;
}
