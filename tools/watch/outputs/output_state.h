/* SPDX-License-Identifier: Apache-2.0 */
/* What an output tells of itself: how much went through it, and what is wrong with it now. */
#ifndef TOOLS_OUTPUT_STATE_H
#define TOOLS_OUTPUT_STATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "app/app.h"

/* Messages since an output was opened. */
struct output_counts {
    uint64_t written; /* they are out */
    uint64_t dropped; /* there was no room for them: the other side is slow, or is not there */
    uint64_t failed;  /* they could not be written */
};

/* All functions may be called by several threads at once. */
struct output_state {
    struct app *app;
    pthread_mutex_t mutex; /* guards `problem` */
    char *problem;         /* NULL: none */
    atomic_uint_fast64_t written, dropped, failed;
};

void output_state_open(struct output_state *state, struct app *app);
void output_state_close(struct output_state *state);

struct output_counts output_state_counts(struct output_state *state);

/* Something is wrong: one line for people, said, with -q too, when it is not the line that stands
 * already. */
void output_state_problem(struct output_state *state, const char *format, ...) TOOLS_PRINTF(2, 3);

/* Nothing is wrong any more; the line is said if something was. */
void output_state_recovered(struct output_state *state, const char *format, ...) TOOLS_PRINTF(2, 3);

/* A copy of the line of what is wrong now, the caller's to free; NULL: nothing. */
char *output_state_problem_text(struct output_state *state);

#endif
