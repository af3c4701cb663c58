/* SPDX-License-Identifier: Apache-2.0 */
/* A session whose codes are watched: octet_drift behind an observer. */
#ifndef TOOLS_CODE_WATCH_H
#define TOOLS_CODE_WATCH_H

#include "app/app.h"

struct code_watch {
    octet_drift *drift;
    octet_session *session;
    octet_letterbox where; /* of the picture in slot 0 */
};

/* `path` is the engine's, for the message. Returns a status. */
int code_watch_open(struct app *app, const char *path, const octet_engine *engine,
                    octet_session *session, struct code_watch *watch);

/* The next run's slot 0, a picture of that size, is looked at; until code_watch_end(). */
void code_watch_begin(struct code_watch *watch, int width, int height);
void code_watch_end(struct code_watch *watch, octet_drift_state *state);

/* Accepts a zeroed struct. */
void code_watch_close(struct code_watch *watch);

#endif
