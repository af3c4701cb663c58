/* SPDX-License-Identifier: Apache-2.0 */
/* Opens and closes sessions, and tells of them. */
#include <stdio.h>

#include "runtime/session/session_contents.h"

#define BATCH_MAX 256

/* Before a run only the sizes of the head's outputs are known. */
static int count_anchors(const struct oct_head *head, int height, int width)
{
    struct oct_head_view view = {.head = head};
    for (int i = 0; i < head->output_count; i++) {
        view.maps[i].height = height / head->outputs[i].stride;
        view.maps[i].width = width / head->outputs[i].stride;
    }
    return head->kind->anchor_count(&view);
}

static bool is_side(int side, int stride)
{
    return side >= stride && side <= OCT_INPUT_SIDE_MAX && side % stride == 0;
}

/* The next multiple of the stride that there is, downwards or upwards; the side's own. */
static int near_side(int side, int stride, bool upwards)
{
    const int most = OCT_INPUT_SIDE_MAX - OCT_INPUT_SIDE_MAX % stride;
    const int kept = side < stride ? stride : side > most ? most : side;
    return kept / stride * stride + (upwards && kept % stride ? stride : 0);
}

static octet_status refuse_size(octet_session *session, int height, int width, int stride)
{
    const int low[2] = {near_side(height, stride, false), near_side(width, stride, false)};
    const int high[2] = {near_side(height, stride, true), near_side(width, stride, true)};
    char other[32] = "";
    if (low[0] != high[0] || low[1] != high[1])
        snprintf(other, sizeof other, " and %dx%d", high[0], high[1]);
    return oct_fail(&session->own, OCTET_INVALID_ARGUMENT,
                    "input size %dx%d: height and width must be multiples of %d from %d to %d; "
                    "near it: %dx%d%s",
                    height, width, stride, stride, OCT_INPUT_SIDE_MAX, low[0], low[1], other);
}

static octet_status check_bound(const octet_session_settings *settings, octet_session *session)
{
    const int height = settings->bound_height, width = settings->bound_width;
    session->bound_height = height ? height : session->facts.height;
    session->bound_width = width ? width : session->facts.width;
    if (!height == !width && session->bound_height > 0 && session->bound_width > 0 &&
        session->bound_height <= OCT_INPUT_SIDE_MAX && session->bound_width <= OCT_INPUT_SIDE_MAX)
        return OCTET_OK;
    return oct_fail(&session->own, OCTET_INVALID_ARGUMENT,
                    "bound %dx%d: height and width must be 1 to %d, or both 0", height, width,
                    OCT_INPUT_SIDE_MAX);
}

static octet_status check_settings(const octet_session_settings *settings, octet_session *session)
{
    const struct oct_network *network = &session->engine->network;
    struct oct_session_facts *facts = &session->facts;
    const int stride = oct_network_stride(network);
    facts->height = settings->height ? settings->height : network->input_height;
    facts->width = settings->width ? settings->width : network->input_width;
    if (!is_side(facts->height, stride) || !is_side(facts->width, stride))
        return refuse_size(session, facts->height, facts->width, stride);
    if (settings->batch < 1 || settings->batch > BATCH_MAX)
        return oct_fail(&session->own, OCTET_INVALID_ARGUMENT, "batch %d: must be 1 to %d",
                        settings->batch, BATCH_MAX);
    facts->anchors = count_anchors(&network->head, facts->height, facts->width);
    session->batch = settings->batch;
    session->profile = settings->profile;
    return check_bound(settings, session);
}

static octet_status open_backend(octet_session *session, int device,
                                 const octet_session_settings *settings)
{
    const struct oct_backend_request request = {
        .engine = session->engine,
        .height = session->facts.height,
        .width = session->facts.width,
        .batch = session->batch,
        .threads = settings->threads,
        .cpu = settings->cpu,
        .device = device,
        .cache = settings->cache,
        .profile = session->profile,
    };
    const octet_status status = session->backend->open(&session->own, &request, &session->state);
    if (!status)
        session->backend->describe(session->state, &session->facts.backend);
    return status;
}

/* What the session needs of its own, so that no later call allocates. */
static octet_status allocate(octet_session *session)
{
    octet_context *ctx = &session->own;
    struct oct_select_scratch *select = &session->select;
    session->slots = oct_calloc(ctx, (size_t)session->batch, sizeof *session->slots);
    select->capacity =
        oct_select_capacity(session->facts.anchors, session->engine->network.head.class_count);
    select->candidates =
        oct_malloc(ctx, (size_t)select->capacity, sizeof *session->select.candidates);
    return session->slots && select->candidates ? OCTET_OK : oct_fail_memory(ctx, "the session");
}

octet_status oct_session_open(octet_context *ctx, const struct oct_backend *backend, int device,
                              const octet_engine *engine, const octet_session_settings *settings,
                              octet_session **opened)
{
    *opened = NULL;
    octet_session *session = oct_calloc(ctx, 1, sizeof *session);
    if (!session)
        return oct_fail_memory(ctx, "the session");
    oct_context_inherit(&session->own, ctx);
    session->engine = engine;
    session->backend = backend;
    session->facts.device = backend->name;
    octet_status status = check_settings(settings, session);
    if (!status)
        status = open_backend(session, device, settings);
    if (!status)
        status = allocate(session);
    if (status) {
        oct_fail(ctx, status, "%s", session->own.message);
        oct_session_close(session);
    } else {
        *opened = session;
    }
    return status;
}

void oct_session_close(octet_session *session)
{
    if (!session)
        return;
    octet_context *ctx = &session->own;
    oct_session_release_frames(session);
    session->backend->close(session->state);
    oct_free(ctx, session->slots);
    oct_free(ctx, session->select.candidates);
    struct octet_context last = *ctx; /* the session holds the allocator that frees it */
    oct_free(&last, session);
}

octet_context *oct_session_context(octet_session *session)
{
    return &session->own;
}

const char *oct_session_message(const octet_session *session)
{
    return session->own.message;
}

const struct oct_session_facts *oct_session_facts(const octet_session *session)
{
    return &session->facts;
}
