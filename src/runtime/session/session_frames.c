/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for frames, which a session gives and ends: the backend's where it has some. */
#include "runtime/session/session_contents.h"

static octet_status allocate(octet_session *session, size_t bytes, void **memory)
{
    *memory = NULL;
    if (session->backend->allocate_host)
        return session->backend->allocate_host(session->state, bytes, memory);
    *memory = oct_malloc(&session->own, bytes, 1);
    return *memory ? OCTET_OK : oct_fail_memory(&session->own, "the frame");
}

static void release(octet_session *session, struct oct_frame_memory *frame)
{
    if (session->backend->release_host)
        session->backend->release_host(session->state, frame->memory);
    else
        oct_free(&session->own, frame->memory);
    oct_free(&session->own, frame);
}

/* Bytes of a plane, with its rows a multiple of 64 apart. Sizes within bounds keep it far from
 * overflow. */
static size_t padded_bytes(struct oct_plane plane)
{
    return oct_align(plane.row_bytes, OCT_ALIGNMENT) * (size_t)plane.rows;
}

octet_status oct_session_allocate_frame(octet_session *session, octet_pixel_format format,
                                        int width, int height, octet_frame *frame)
{
    octet_status status = oct_frame_check_size(&session->own, format, width, height);
    size_t at = 0, bytes = 0;
    if (status)
        return status;
    for (int i = 0; i < oct_frame_plane_count(format); i++)
        bytes += padded_bytes(oct_frame_plane(format, width, height, i));
    struct oct_frame_memory *made = oct_calloc(&session->own, 1, sizeof *made);
    if (!made)
        return oct_fail_memory(&session->own, "the frame");
    status = allocate(session, bytes, &made->memory);
    if (status) {
        oct_free(&session->own, made);
        return status;
    }
    made->bytes = bytes;
    made->next = session->frames;
    session->frames = made;
    *frame = (octet_frame){.format = format, .width = width, .height = height};
    for (int i = 0; i < oct_frame_plane_count(format); i++) {
        const struct oct_plane plane = oct_frame_plane(format, width, height, i);
        frame->planes[i] = (uint8_t *)made->memory + at;
        frame->strides[i] = oct_align(plane.row_bytes, OCT_ALIGNMENT);
        at += padded_bytes(plane);
    }
    return OCTET_OK;
}

void oct_session_free_frame(octet_session *session, octet_frame *frame)
{
    struct oct_frame_memory **at = &session->frames;
    while (*at && (*at)->memory != frame->planes[0])
        at = &(*at)->next;
    struct oct_frame_memory *found = *at;
    if (!found)
        return;
    *at = found->next;
    release(session, found);
    *frame = (octet_frame){0};
}

void oct_session_release_frames(octet_session *session)
{
    while (session->frames) {
        struct oct_frame_memory *first = session->frames;
        session->frames = first->next;
        release(session, first);
    }
}

/* Whether all bytes of a plane are within that memory. */
static bool holds(const struct oct_frame_memory *memory, const octet_frame *frame, int index)
{
    const struct oct_plane plane =
        oct_frame_plane(frame->format, frame->width, frame->height, index);
    const uintptr_t begin = (uintptr_t)memory->memory, first = (uintptr_t)frame->planes[index];
    const size_t bytes = frame->strides[index] * (size_t)(plane.rows - 1) + plane.row_bytes;
    return first >= begin && first - begin <= memory->bytes &&
           bytes <= memory->bytes - (first - begin);
}

bool oct_session_holds_frame(const octet_session *session, const octet_frame *frame)
{
    const int planes = oct_frame_plane_count(frame->format);
    for (const struct oct_frame_memory *memory = session->frames; memory; memory = memory->next) {
        int held = 0;
        while (held < planes && holds(memory, frame, held))
            held++;
        if (held == planes)
            return true;
    }
    return false;
}
