/* SPDX-License-Identifier: Apache-2.0 */
/* The thread of an output: it can be woken out of poll(), and is not waited for without end. */
#ifndef TOOLS_OUTPUT_THREAD_H
#define TOOLS_OUTPUT_THREAD_H

#include <pthread.h>
#include <stdatomic.h>

#include "app/app.h"

struct output_thread {
    pthread_t thread;
    void (*run)(void *user); /* ends soon once `ending` is set */
    void *user;
    int wake; /* readable once it was woken: for poll() */
    int done; /* readable once run() has returned */
    atomic_bool ending;
};

/* Runs run(user). A failure is reported, and leaves nothing. */
int output_thread_start(struct output_thread *thread, struct app *app, void (*run)(void *user),
                        void *user);

/* Makes `wake` readable; from any thread, and never waits. */
void output_thread_wake(struct output_thread *thread);

/* By the thread itself: `wake` is no longer readable. */
void output_thread_awake(struct output_thread *thread);

/* Sets `ending`, wakes the thread and waits for its end, at most so long. False: it hangs in a call
 * of the system's, and goes on by itself; what it uses must stay as it is for ever. */
bool output_thread_end(struct output_thread *thread, int milliseconds);

#endif
