/* SPDX-License-Identifier: Apache-2.0 */
/* The time of frames: a film's clock, and so many frames a second at most. */
#ifndef TOOLS_PACE_H
#define TOOLS_PACE_H

#include <stdbool.h>

/* A film that falls behind its clock by more has the clock set back: as a camera, whose frames
 * nobody fetched are gone. */
#define PACE_BEHIND_MS 1000.0

struct pace {
    double speed; /* of a film: seconds of it a second; 0: frames come by themselves */
    double fps;   /* most frames that are wanted, a second of their own time; 0: all */
    bool has_begun;
    double start_ms, first_s; /* the film's clock: when it was at which time */
    double due_s;             /* from when on a frame is wanted */
};

/* The source begins anew. */
void pace_restart(struct pace *pace);

/* When the frame is to be seen, by the clock of app_now_ms(): for films, when their clock comes to
 * it, which may be later than now. */
double pace_seen_ms(struct pace *pace, double time_s, double now_ms);

/* Whether the frame is one of those that are wanted. */
bool pace_wants(struct pace *pace, double time_s);

#endif
