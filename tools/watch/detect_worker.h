/* SPDX-License-Identifier: Apache-2.0 */
/* A thread with a session of its own, which looks at the frames on the desk. */
#ifndef TOOLS_DETECT_WORKER_H
#define TOOLS_DETECT_WORKER_H

#include "app/options.h"
#include "watch/watch.h"

struct detect_worker;

struct worker_settings {
    struct input_size size;
    bool rect;
    int threads;
};

/* Opens a session and starts the thread. NULL, and reported, where that fails. */
struct detect_worker *detect_worker_start(struct watch *watch,
                                          const struct worker_settings *settings);

const octet_session *detect_worker_session(const struct detect_worker *worker);

/* Waits for the thread, which ends with the desk. Accepts a pointer to NULL. */
void detect_worker_join(struct detect_worker **worker);

#endif
