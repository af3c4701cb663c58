/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the float engine on pictures and observes every layer, as any program may. */
#ifndef OCTET_COMPILER_CALIBRATE_CALIBRATION_H
#define OCTET_COMPILER_CALIBRATE_CALIBRATION_H

#include "compiler/calibrate/observer.h"
#include "runtime/image/letterbox.h"
#include "runtime/session/open_session.h"

/* What a picture is run through at one size. */
struct oct_calibration_view {
    octet_session *session;
    int height, width; /* of its input, pixels */
    struct oct_statistics_part *part;
    uint8_t *rgb;             /* [height][width][3]: the current picture, letterboxed */
    octet_letterbox geometry; /* of that */
};

struct octet_calibration {
    struct octet_context own;
    octet_engine *engine; /* float, owned */
    int view_count;
    struct oct_calibration_view *views;
    octet_statistics *statistics;
    struct oct_threads *threads; /* that look at tensors, while the session's rest */
    struct oct_observer_scratch *scratch;
    struct oct_resize_kernels resize;
    struct oct_measure_kernels measure;
    struct oct_letterbox_scratch letterbox;
    struct oct_calibration_view *current; /* which is run */
    const char *not_finite; /* name of a tensor that was, during the current picture */
};

/* Takes the engine over, on failure as well. `hash` is the model's, see oct_network_hash(). */
octet_status oct_calibration_create(octet_context *ctx, octet_engine *engine, const char *hash,
                                    const octet_calibration_settings *settings,
                                    octet_calibration **calibration);
octet_status oct_calibration_add(octet_calibration *calibration, const octet_image *image);
void oct_calibration_free(octet_calibration *calibration);

#endif
