/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the threads of `octet watch` share. A reader a camera puts frames on the desk; a worker a
 * session takes them, and hands what it finds to the outputs. The main thread waits for the end.
 */
#ifndef TOOLS_WATCH_H
#define TOOLS_WATCH_H

#include <stdatomic.h>

#include "watch/camera_counts.h"
#include "watch/camera_drift.h"
#include "watch/camera_settings.h"
#include "watch/desk.h"
#include "watch/watch_outputs.h"

struct watch_settings {
    double max_age_ms; /* of a camera's newest result; 0: no limit */
    double speed;      /* of films: seconds of them a second */
    bool loops;        /* films begin anew */
    bool drift;        /* the engine's codes are watched, of each camera */
};

struct watched_camera {
    const struct camera_settings *settings;
    struct camera_counts counts;
    /* For the worker that has its frame: */
    bool had_boxes; /* its last result */
    struct camera_drift drift;
};

struct watch {
    struct app *app;
    const octet_engine *engine;
    const char *engine_path;
    struct watch_settings settings;
    struct watched_camera *cameras;
    size_t count;
    struct desk *desk;
    struct watch_outputs *outputs;
    atomic_bool is_ending; /* readers end */
};

#endif
