/* SPDX-License-Identifier: Apache-2.0 */
/* A session: an engine's network made ready for one size and one kernel set. */
#ifndef OCTET_RUNTIME_SESSION_OPEN_SESSION_H
#define OCTET_RUNTIME_SESSION_OPEN_SESSION_H

#include <octet/session.h>

#include "base/threads.h"
#include "runtime/backend/cpu/layout.h"
#include "runtime/engine/engine_contents.h"
#include "runtime/head/nms.h"

/* One layer, prepared: jobs have views of the shared region; those that touch a picture's own
 * region are rebased. */
struct oct_step {
    const struct oct_layer *layer;
    const struct oct_conv_kernel *kernel; /* CONVOLUTION */
    struct oct_conv_job conv;             /* CONVOLUTION */
    int height, width, channels;          /* of the output; stored channels */
    int border;                           /* of the output's buffer, pixels */
    int row_chunk, channel_chunk;         /* output rows and channels of one work item */
    double total_ms;                      /* with profile */
};

/* What may be asked of a slot of the batch. */
enum oct_slot_state {
    OCT_SLOT_EMPTY, /* no picture was set, or setting it failed */
    OCT_SLOT_SET,   /* a picture was set that no run has seen */
    OCT_SLOT_RAN    /* head and geometry belong to the picture set last */
};

struct oct_slot {
    enum oct_slot_state state;
    octet_letterbox geometry; /* source_width 0: the input's own pixels */
};

struct octet_session {
    struct octet_context own;
    const octet_engine *engine;
    struct oct_arena arena;
    struct oct_kernels kernels;
    struct oct_threads *threads;
    int height, width, batch, thread_count, profile;
    struct oct_layout layout;
    int step_count;
    struct oct_step *steps;
    size_t packed_bytes, scratch_bytes; /* scratch: of each worker */
    char *pictures, *shared, *scratch;  /* batch * layout.picture_bytes; layout.shared_bytes */
    uint8_t *pixels;                    /* F32 or BF16 input: letterboxed RGB0, before conversion */
    struct oct_letterbox_memory {
        void *memory;
        size_t bytes;
    } letterbox;
    struct oct_slot *slots; /* batch */
    bool running;           /* an observer is being called: no other call fits in */
    struct oct_select_scratch select;
    octet_observer *observer;
    void *observer_user;
};

octet_status oct_session_open(octet_context *ctx, const octet_engine *engine,
                              const octet_session_settings *settings, octet_session **session);
void oct_session_close(octet_session *session);

/* prepare.c: chooses kernels, packs weights, plans work for every layer. */
octet_status oct_session_prepare(octet_context *ctx, octet_session *session);

/* execute.c: runs all layers on picture `index`. */
octet_status oct_session_execute(octet_session *session, int index);

/* input.c */
octet_status oct_session_set_image(octet_session *session, int index, const octet_image *image);
octet_status oct_session_set_pixels(octet_session *session, int index, const uint8_t *rgb);
octet_status oct_session_set_tensor(octet_session *session, int index, const float *planes);

/* output.c */
void oct_session_head(const octet_session *session, int index, struct oct_head_view *head);
int oct_session_detect(octet_session *session, int index, const octet_detect_settings *settings,
                       octet_detection *detections, int capacity);

struct oct_layout_memory oct_session_memory(const octet_session *session, int index);

#endif
