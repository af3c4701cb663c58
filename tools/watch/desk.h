/* SPDX-License-Identifier: Apache-2.0 */
/* Where cameras put frames and workers take them: a place for one frame a camera, in which the
 * newest stands. Any thread may call any of this. */
#ifndef TOOLS_DESK_H
#define TOOLS_DESK_H

#include <stdint.h>

#include "video/video.h"
#include "watch/schedule.h"

struct desk_frame {
    struct video_frame video;
    void (*release)(void *held); /* for video.held, which is then nobody's any more */
    uint64_t index;              /* of its camera, from 0 on, over all that came */
    double seen_ms;              /* by the clock of app_now_ms() */
};

struct desk_settings {
    const double *weights; /* one a camera */
    size_t cameras;
    size_t workers;
    double max_age_ms; /* as in struct schedule */
};

struct desk;

struct desk *desk_open(const struct desk_settings *settings);

/* Takes over the frame; true where it took the place of one that nobody had come to. */
bool desk_put(struct desk *desk, size_t camera, const struct desk_frame *frame);

/* Waits for a frame, which is the caller's then, as is the camera until desk_done(). False: it is
 * over. */
bool desk_take(struct desk *desk, size_t *camera, struct desk_frame *frame);

/* The frame of desk_take() was looked at, in so many milliseconds. */
void desk_done(struct desk *desk, size_t camera, const struct desk_frame *frame, double service_ms);

/* Waits until no frame of the camera waits, nor is being looked at. */
void desk_drain(struct desk *desk, size_t camera);

/* Whether no frame waits, nor is being looked at. */
bool desk_is_empty(struct desk *desk);

/* desk_take() and desk_drain() end for everybody. */
void desk_end(struct desk *desk);

/* Gives the frames that wait back. Accepts a pointer to NULL. */
void desk_close(struct desk **desk);

#endif
