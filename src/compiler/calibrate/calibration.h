/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the float engine on pictures and observes every layer, as any program may. */
#ifndef OCTET_COMPILER_CALIBRATE_CALIBRATION_H
#define OCTET_COMPILER_CALIBRATE_CALIBRATION_H

#include "compiler/calibrate/observer.h"
#include "runtime/image/letterbox.h"
#include "runtime/session/open_session.h"

/* What pictures are run through at one size. */
struct oct_calibration_view {
    octet_session *session; /* NULL while it is closed */
    int height, width;      /* of its input, pixels */
    struct oct_statistics_part *part;
    uint8_t *rgb;                /* [room][height][width][3]: pictures that wait, letterboxed */
    octet_letterbox *geometries; /* [room]: of these */
};

/*
 * With several sizes on the CPU pictures wait until there are some, and are then run size by size,
 * so that one session at a time is open: what sessions pack and work in is far more than what these
 * pictures take, and does not add up.
 */
struct octet_calibration {
    struct octet_context own;
    struct oct_arena arena;
    octet_engine *engine; /* float, owned */
    octet_session_settings session;
    const struct oct_backend *backend;
    int device;
    bool one_at_a_time; /* sessions */
    int view_count;
    struct oct_calibration_view *views;
    octet_statistics *statistics;
    struct oct_threads *threads; /* that look at tensors, while the session's rest */
    struct oct_observer_scratch *scratch;
    struct oct_resize_kernels resize;
    struct oct_measure_kernels measure;
    struct oct_letterbox_scratch letterbox;
    int room, waiting; /* pictures */
    bool failed;       /* while they were run: the statistics have a part of them */
    struct oct_calibration_view *current; /* which is run */
    const octet_letterbox *geometry;      /* of the picture that is */
    const char *not_finite; /* name of a tensor that was, during the current picture */
};

/* Takes the engine over, on failure as well. `hash` is the model's, see oct_network_hash(). */
octet_status oct_calibration_create(octet_context *ctx, octet_engine *engine, const char *hash,
                                    const octet_calibration_settings *settings,
                                    octet_calibration **calibration);
void oct_calibration_free(octet_calibration *calibration);

/* calibrate_pictures.c: opens a view's session at its height and width, which become the session's,
 * and makes room for the pictures that may wait. */
octet_status oct_calibration_open(octet_context *ctx, octet_calibration *calibration,
                                  struct oct_calibration_view *view);
octet_status oct_calibration_make_room(octet_context *ctx, octet_calibration *calibration);
octet_status oct_calibration_add(octet_calibration *calibration, const octet_image *image);
/* Runs the pictures that wait. */
octet_status oct_calibration_flush(octet_calibration *calibration);
/* Forgets all pictures. */
void oct_calibration_restart(octet_calibration *calibration);

#endif
