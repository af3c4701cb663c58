/* SPDX-License-Identifier: Apache-2.0 */
/* A session's own struct. Private to this folder. */
#ifndef OCTET_RUNTIME_SESSION_SESSION_CONTENTS_H
#define OCTET_RUNTIME_SESSION_SESSION_CONTENTS_H

#include "runtime/head/nms.h"
#include "runtime/image/frame_planes.h"
#include "runtime/session/open_session.h"

/* What may be asked of a slot of the batch. */
enum oct_slot_state {
    OCT_SLOT_EMPTY, /* no picture was set, or setting it failed */
    OCT_SLOT_SET,   /* a picture was set that no run has seen */
    OCT_SLOT_RAN    /* head and geometry belong to the picture set last */
};

struct oct_slot {
    enum oct_slot_state state;
    octet_letterbox geometry; /* from the input's pixels back to the picture's */
};

/* Planes of a frame that the session gave. */
struct oct_frame_memory {
    struct oct_frame_memory *next;
    void *memory; /* the backend's, or the allocator's */
    size_t bytes;
};

struct octet_session {
    struct octet_context own; /* allocator, and the messages of the backend too */
    const octet_engine *engine;
    const struct oct_backend *backend;
    void *state; /* the backend's */
    int batch;
    int bound_height, bound_width; /* of the input that pictures are scaled for, pixels */
    bool profile;
    bool observed; /* an observer is being called: */
    int observed_slot, observed_tensor;
    struct oct_session_facts facts;
    struct oct_slot *slots; /* [batch] */
    struct oct_select_scratch select;
    struct oct_frame_memory *frames;
    octet_observer *observer;
    void *observer_user;
};

/* run_pictures.c: whether the batch has the slot. */
octet_status oct_session_check_slot(octet_session *session, int slot);

/* session_frames.c: whether the frame, which was checked, has its planes in one that it gave; and
 * the end of all of them. */
bool oct_session_holds_frame(const octet_session *session, const octet_frame *frame);
void oct_session_release_frames(octet_session *session);

#endif
