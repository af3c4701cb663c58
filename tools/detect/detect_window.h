/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures between their source and the report: those of one input size are run together, as many
 * as a batch has, and all wait with their boxes until they are reported in the order they came. */
#ifndef TOOLS_DETECT_WINDOW_H
#define TOOLS_DETECT_WINDOW_H

#include "detect/detect_drift.h"
#include "detect/detect_report.h"
#include "models/size_tally.h"
#include "models/sized_sessions.h"
#include "pictures/picture_frame.h"

/* A picture that was taken. */
struct seated_picture {
    struct frame frame;
    int width, height; /* pixels */
    octet_letterbox where;
    octet_detection *detections; /* once it was run */
    int count;
    struct detect_times times;
};

/* Pictures that stand in the first slots of one session, and were not run. */
struct slot_group {
    octet_session *session;
    size_t *seats; /* [batch]: their places in the window */
    size_t count;  /* 0: a free group */
};

struct detect_window {
    struct app *app;
    struct sized_sessions sessions;
    const octet_detect_settings *selection;
    struct detect_drift *drift;
    bool keep_images; /* until they are reported */
    size_t batch, capacity;
    bool waits; /* its last picture came of a film, a camera or a pipe: the next may not be here */
    struct seated_picture *pictures; /* [capacity] */
    size_t count;
    struct slot_group groups[SIZED_SESSIONS_MAX];
    octet_detection *found; /* [selection->max_detections] */
    struct size_tally tally;
};

/* Opens the first session; `settings` have the batch. Failures are reported; returns a status. */
int detect_window_open(struct detect_window *window, struct app *app, const octet_engine *engine,
                       const octet_session_settings *settings, bool rect);

/* Once what is asked of pictures is known. */
void detect_window_begin(struct detect_window *window, const octet_detect_settings *selection,
                         struct detect_drift *drift, bool keep_images);

bool detect_window_is_full(const struct detect_window *window);

/* Takes a frame that was read over, unless the network cannot take it: `*problem` then says why,
 * and is the caller's to free. A full batch is run. Returns a status. */
int detect_window_take(struct detect_window *window, struct frame *frame, char **problem);

/* Runs what was not run. Returns a status; failures are reported. */
int detect_window_run(struct detect_window *window);

/* Frees the pictures: the next ones may come. */
void detect_window_empty(struct detect_window *window);

/* Accepts a zeroed struct. */
void detect_window_close(struct detect_window *window);

#endif
