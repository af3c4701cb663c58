/* SPDX-License-Identifier: Apache-2.0 */
/* Counts, and says each change once. */
#include "watch/outputs/output_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROBLEM_BYTES 1024

void output_state_open(struct output_state *state, struct app *app)
{
    *state = (struct output_state){.app = app};
    pthread_mutex_init(&state->mutex, NULL);
}

void output_state_close(struct output_state *state)
{
    free(state->problem);
    pthread_mutex_destroy(&state->mutex);
}

struct output_counts output_state_counts(struct output_state *state)
{
    return (struct output_counts){.written = atomic_load(&state->written),
                                  .dropped = atomic_load(&state->dropped),
                                  .failed = atomic_load(&state->failed)};
}

void output_state_problem(struct output_state *state, const char *format, ...)
{
    char text[PROBLEM_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    pthread_mutex_lock(&state->mutex);
    const bool is_new = !state->problem || strcmp(state->problem, text) != 0;
    if (is_new) {
        free(state->problem);
        state->problem = app_strdup(text);
    }
    pthread_mutex_unlock(&state->mutex);
    if (is_new) /* unlocked: standard error may be slow, and others ask for the state */
        app_fail(state->app, "%s", text);
}

void output_state_recovered(struct output_state *state, const char *format, ...)
{
    char text[PROBLEM_BYTES];
    va_list arguments;
    pthread_mutex_lock(&state->mutex);
    const bool is_new = state->problem != NULL;
    free(state->problem);
    state->problem = NULL;
    pthread_mutex_unlock(&state->mutex);
    if (!is_new)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    app_say(state->app, "%s", text);
}

char *output_state_problem_text(struct output_state *state)
{
    pthread_mutex_lock(&state->mutex);
    char *text = state->problem ? app_strdup(state->problem) : NULL;
    pthread_mutex_unlock(&state->mutex);
    return text;
}
