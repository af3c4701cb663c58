/* SPDX-License-Identifier: Apache-2.0 */
/* Opens and closes sessions, and tells of them. */
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

static octet_status check_settings(const octet_session_settings *settings, octet_session *session)
{
    const struct oct_network *network = &session->engine->network;
    struct oct_session_facts *facts = &session->facts;
    const int stride = oct_network_stride(network);
    facts->height = settings->height ? settings->height : network->input_height;
    facts->width = settings->width ? settings->width : network->input_width;
    if (facts->height < stride || facts->width < stride || facts->height > OCT_INPUT_SIDE_MAX ||
        facts->width > OCT_INPUT_SIDE_MAX || facts->height % stride || facts->width % stride)
        return oct_fail(&session->own, OCTET_INVALID_ARGUMENT,
                        "input size %dx%d: height and width must be multiples of %d from %d to %d",
                        facts->height, facts->width, stride, stride, OCT_INPUT_SIDE_MAX);
    if (settings->batch < 1 || settings->batch > BATCH_MAX)
        return oct_fail(&session->own, OCTET_INVALID_ARGUMENT, "batch %d: must be 1 to %d",
                        settings->batch, BATCH_MAX);
    facts->anchors = count_anchors(&network->head, facts->height, facts->width);
    session->batch = settings->batch;
    session->profile = settings->profile;
    return OCTET_OK;
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
