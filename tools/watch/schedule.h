/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose frame is next. Cameras share the networks' time in proportion to their weights, by stride
 * scheduling (C. A. Waldspurger and W. E. Weihl, 1995): each has a `pass`, which a frame moves on
 * by 1 / weight, and the one that is farthest behind is next. One that had nothing to do saves
 * nothing up. Before that go those whose last result is about to be older than the limit, the
 * oldest first.
 */
#ifndef TOOLS_SCHEDULE_H
#define TOOLS_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>

/* A camera as the schedule sees it. */
struct schedule_entry {
    double weight;         /* above 0 */
    double pass;           /* 0 at first */
    double last_result_ms; /* when the frame of its last result was seen; 0: none yet */
    double waiting_ms;     /* when the frame that waits was seen */
    bool is_waiting;       /* a frame waits */
    bool is_busy;          /* one of its frames is being looked at: its results keep their order */
};

struct schedule {
    struct schedule_entry *entries;
    size_t count;
    double max_age_ms; /* of the newest result of a camera; 0: no limit */
    double service_ms; /* what a frame takes, about */
    size_t workers;
    double pass; /* of the camera that was taken last, when it was */
};

#define SCHEDULE_NOBODY ((size_t)-1)

/* A frame of this camera waits from now on, in the place of one before it. */
void schedule_put(struct schedule *schedule, size_t camera, double seen_ms);

/* The camera whose frame is next, which is busy then; SCHEDULE_NOBODY where none waits. */
size_t schedule_take(struct schedule *schedule, double now_ms);

/* Its frame was looked at, which took so long. */
void schedule_done(struct schedule *schedule, size_t camera, double seen_ms, double service_ms);

#endif
