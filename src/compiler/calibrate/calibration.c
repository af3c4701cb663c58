/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/calibrate/calibration.h"

#include <string.h>

static octet_status make_records(octet_context *ctx, octet_calibration *c, int *most_channels)
{
    const struct oct_network *network = &c->engine->network;
    octet_status status = oct_statistics_create(ctx, network->layer_count, &c->statistics);
    *most_channels = 1;
    for (int i = 0; i < network->layer_count && !status; i++) {
        const struct oct_tensor *t = &network->tensors[network->layers[i].output];
        *most_channels = t->channels > *most_channels ? t->channels : *most_channels;
        status = oct_statistics_room(ctx, c->statistics, i, t->name, t->channels);
    }
    return status;
}

/* Whether statistics could have been gathered by this calibration. */
static octet_status check_from(octet_context *ctx, const octet_calibration *c, const char *hash,
                               const octet_calibration_settings *settings)
{
    const octet_statistics *from = settings->from;
    const struct oct_network *network = &c->engine->network;
    bool same = from->tensor_count == network->layer_count;
    for (int i = 0; i < from->tensor_count && same; i++)
        same = from->tensors[i].channels == network->tensors[network->layers[i].output].channels;
    if (!same || strcmp(from->model_hash, hash) != 0)
        return oct_fail(ctx, OCTET_MISMATCH,
                        "the statistics to go on from belong to another model (%.12s..., this one "
                        "is %.12s...)",
                        from->model_hash, hash);
    if (from->input_height != c->session->height || from->input_width != c->session->width)
        return oct_fail(ctx, OCTET_MISMATCH,
                        "the statistics to go on from were gathered at %dx%d, not at %dx%d",
                        from->input_height, from->input_width, c->session->height,
                        c->session->width);
    if (from->include_padding != (settings->include_padding != 0))
        return oct_fail(ctx, OCTET_MISMATCH,
                        "the statistics to go on from differ in whether padding was counted");
    return OCTET_OK;
}

/* Empty statistics, or a copy of those to go on from. */
static octet_status start_statistics(octet_context *ctx, octet_calibration *c, const char *hash,
                                     const octet_calibration_settings *settings, int *most_channels)
{
    if (!settings->from)
        return make_records(ctx, c, most_channels);
    const octet_status status = check_from(ctx, c, hash, settings);
    if (status)
        return status;
    for (int i = 0; i < settings->from->tensor_count; i++)
        *most_channels = settings->from->tensors[i].channels > *most_channels
                             ? settings->from->tensors[i].channels
                             : *most_channels;
    return oct_statistics_copy(ctx, settings->from, &c->statistics);
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
    const octet_session_settings session = {.height = settings->height,
                                            .width = settings->width,
                                            .batch = 1,
                                            .threads = settings->threads,
                                            .cpu = settings->cpu};
    int most_channels = 1;
    octet_status status = oct_session_open(ctx, engine, &session, &c->session);
    if (!status)
        status = start_statistics(ctx, c, hash, settings, &most_channels);
    if (!status)
        status =
            oct_observer_scratch_create(ctx, c->session->thread_count, most_channels, &c->scratch);
    if (status) {
        oct_calibration_free(c);
        return status;
    }
    memcpy(c->statistics->model_hash, hash, sizeof c->statistics->model_hash);
    c->statistics->input_height = c->session->height;
    c->statistics->input_width = c->session->width;
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
    oct_observer_scratch_free(&last, c->scratch);
    oct_free(&last, c);
}

/* The cells of a tensor whose centre lies over the picture, not over the letterbox' padding; at
 * least one. */
static void content(int size, int input, int pad, int resized, int *begin, int *end)
{
    const int cell = input / size > 0 ? input / size : 1;
    *begin = (pad + cell / 2) / cell;
    *end = (pad + resized + cell / 2) / cell;
    *end = *end > size ? size : *end;
    *begin = *begin >= size ? size - 1 : *begin;
    *end = *end <= *begin ? *begin + 1 : *end;
}

static int observe_layer(void *user, int index, int layer, const octet_tensor_view *view)
{
    octet_calibration *c = user;
    const octet_letterbox *g = &c->session->slots[index].geometry;
    struct oct_region region = {0, view->height, 0, view->width};
    if (!c->statistics->include_padding) {
        content(view->height, c->session->height, g->pad_top, g->resized_height, &region.y_begin,
                &region.y_end);
        content(view->width, c->session->width, g->pad_left, g->resized_width, &region.x_begin,
                &region.x_end);
    }
    if (!oct_observe(view, &region, c->session->threads, c->scratch,
                     &c->statistics->tensors[layer]))
        c->not_finite = view->name;
    return c->not_finite != NULL;
}

/* The picture that was letterboxed into the session, which is float: its pixels are kept. */
static struct oct_seen seen_by(const octet_session *session)
{
    const octet_letterbox *g = &session->slots[0].geometry;
    const size_t row_bytes = (size_t)session->width * 4;
    return (struct oct_seen){session->pixels + (size_t)g->pad_top * row_bytes +
                                 (size_t)g->pad_left * 4,
                             row_bytes, g->resized_width, g->resized_height};
}

octet_status oct_calibration_add(octet_calibration *c, const octet_image *image)
{
    octet_status status = oct_session_set_image(c->session, 0, image);
    if (status)
        return oct_fail(&c->own, status, "%s", c->session->own.message);
    c->session->observer = observe_layer;
    c->session->observer_user = c;
    c->not_finite = NULL;
    status = oct_session_execute(c->session, 0);
    if (c->not_finite)
        return oct_fail(&c->own, OCTET_UNSUPPORTED_MODEL,
                        "tensor \"%s\" is not finite in the float model: it cannot be quantised",
                        c->not_finite);
    if (status)
        return oct_fail(&c->own, status, "%s", c->session->own.message);
    const struct oct_seen seen = seen_by(c->session);
    oct_statistics_count_image(c->statistics, &seen);
    return OCTET_OK;
}
