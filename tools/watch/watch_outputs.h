/* SPDX-License-Identifier: Apache-2.0 */
/* All places where lines of JSON go: standard output or a file, a socket, a broker. */
#ifndef TOOLS_WATCH_OUTPUTS_H
#define TOOLS_WATCH_OUTPUTS_H

#include "watch/cameras_file.h"
#include "watch/outputs/output_state.h"

struct watch_outputs;

/* Opens what `targets` names; nothing named: standard output. Returns a status; failures are
 * reported. */
int watch_outputs_open(struct app *app, const struct watch_targets *targets,
                       struct watch_outputs **outputs);

/* The line of a camera's frame. A broker gets frames with boxes, and the first one after these that
 * has none (`is_news`). Any thread may call this and the next. */
void watch_outputs_result(struct watch_outputs *outputs, const char *camera, const char *line,
                          bool is_news);

/* A camera is in another state. */
void watch_outputs_state(struct watch_outputs *outputs, const char *camera, const char *state,
                         const char *message);

/* The engine's codes say that a camera's world has changed, or is as it was. */
void watch_outputs_drift(struct watch_outputs *outputs, const char *camera,
                         const octet_drift_state *drift, const char *message);

/* Nobody reads any more what only goes to standard output. */
bool watch_outputs_are_useless(struct watch_outputs *outputs);

typedef void watch_outputs_user(void *user, const char *kind, const struct output_counts *counts,
                                const char *problem);

/* Calls `use` for each output that is open: its kind ("lines", "socket", "mqtt"), its counts, and
 * what is wrong with it now, or NULL. */
void watch_outputs_each(struct watch_outputs *outputs, watch_outputs_user *use, void *user);

/* Sends what waits, within a second, and closes. What was lost is said. Accepts a pointer to
 * NULL. */
void watch_outputs_close(struct watch_outputs **outputs);

#endif
