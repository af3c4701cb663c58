/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/session/open_session.h"

#include <string.h>

#include "runtime/backend/cpu/features/features.h"
#include "runtime/image/letterbox.h"

struct oct_layout_memory oct_session_memory(const octet_session *session, int index)
{
    return (struct oct_layout_memory){
        session->pictures + (size_t)index * session->layout.picture_bytes, session->shared};
}

static octet_status check_settings(octet_context *ctx, const octet_engine *engine,
                                   const octet_session_settings *settings, octet_session *session)
{
    const int stride = oct_network_stride(&engine->network);
    session->height = settings->height ? settings->height : engine->network.input_height;
    session->width = settings->width ? settings->width : engine->network.input_width;
    if (session->height < stride || session->width < stride || session->height > 8192 ||
        session->width > 8192 || session->height % stride || session->width % stride)
        return oct_fail(
            ctx, OCTET_INVALID_ARGUMENT,
            "input size %dx%d: height and width must be multiples of %d from %d to 8192",
            session->height, session->width, stride, stride);
    if (settings->batch < 1 || settings->batch > 256)
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT, "batch %d: must be 1 to 256", settings->batch);
    session->batch = settings->batch;
    session->profile = settings->profile;
    return OCTET_OK;
}

/* Everything that a run needs, so that it allocates nothing. */
static octet_status allocate(octet_context *ctx, octet_session *session)
{
    struct oct_layout *layout = &session->layout;
    const size_t batch = (size_t)session->batch, workers = (size_t)session->thread_count;
    const size_t pixels = (size_t)session->height * (size_t)session->width;
    struct oct_head_view head;
    session->pictures = oct_calloc(ctx, batch, layout->picture_bytes);
    session->shared = oct_calloc(ctx, 1, layout->shared_bytes);
    session->scratch = oct_malloc(ctx, workers, session->scratch_bytes);
    session->slots = oct_calloc(ctx, batch, sizeof *session->slots);
    session->letterbox.bytes = oct_letterbox_scratch_bytes(session->width);
    session->letterbox.memory = oct_malloc(ctx, session->letterbox.bytes, 1);
    const bool is_float = session->engine->network.tensors[0].type != OCT_TYPE_U8;
    if (is_float)
        session->pixels = oct_malloc(ctx, pixels, 4);
    oct_session_head(session, 0, &head);
    session->select.capacity =
        oct_select_capacity(head.head->kind->anchor_count(&head), head.head->class_count);
    session->select.candidates =
        oct_malloc(ctx, (size_t)session->select.capacity, sizeof *session->select.candidates);
    if (!session->pictures || !session->shared || !session->scratch || !session->slots ||
        !session->letterbox.memory || (is_float && !session->pixels) || !session->select.candidates)
        return oct_fail_memory(ctx, "the session");
    return OCTET_OK;
}

octet_status oct_session_open(octet_context *ctx, const octet_engine *engine,
                              const octet_session_settings *settings, octet_session **opened)
{
    *opened = NULL;
    octet_session *session = oct_calloc(ctx, 1, sizeof *session);
    if (!session)
        return oct_fail_memory(ctx, "the session");
    oct_context_inherit(&session->own, ctx);
    session->engine = engine;
    oct_arena_init(&session->arena, &session->own);
    unsigned sets = 0;
    octet_status status = check_settings(ctx, engine, settings, session);
    if (!status)
        status = oct_cpu_parse(ctx, settings->cpu, &sets);
    if (!status)
        status = oct_threads_create(ctx, settings->threads, &session->threads);
    if (!status) {
        session->thread_count = oct_threads_count(session->threads);
        oct_kernels_fill(&session->kernels, oct_cpu_enable(sets));
        status = oct_layout_make(ctx, &session->arena, &engine->network, session->height,
                                 session->width, session->kernels.bf16_storage, &session->layout);
    }
    if (!status)
        status = oct_session_prepare(ctx, session);
    if (!status)
        status = allocate(ctx, session);
    if (status)
        oct_session_close(session);
    else
        *opened = session;
    return status;
}

void oct_session_close(octet_session *session)
{
    if (!session)
        return;
    octet_context *ctx = &session->own;
    oct_threads_destroy(&session->threads);
    oct_arena_clear(&session->arena);
    oct_free(ctx, session->pictures);
    oct_free(ctx, session->shared);
    oct_free(ctx, session->scratch);
    oct_free(ctx, session->slots);
    oct_free(ctx, session->letterbox.memory);
    oct_free(ctx, session->pixels);
    oct_free(ctx, session->select.candidates);
    struct octet_context last = *ctx; /* the session holds the allocator that frees it */
    oct_free(&last, session);
}
