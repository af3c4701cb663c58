/* SPDX-License-Identifier: Apache-2.0 */
/* The watch over an engine's codes: octet_drift behind a session's observer. */
#ifndef TOOLS_CODE_WATCH_H
#define TOOLS_CODE_WATCH_H

#include "app/app.h"
#include "app/json_print.h"

#define LOOKS_EVERY 8         /* runs: where looks cost next to nothing */
#define LOOKS_EVERY_DEAR 1024 /* where they take several times a run */

/* What a look at a picture brought. */
enum code_news {
    CODES_NO_NEWS,
    CODES_CHANGED, /* the pictures are no longer what the engine was calibrated for */
    CODES_AGAIN,   /* they are once more */
};

struct code_watch {
    octet_drift *drift; /* NULL: no watch */
    octet_drift_state state;
    octet_letterbox where; /* of the picture in slot 0, while it is looked at */
    bool has_changed;
};

/* `path` is the engine's, for the message. Returns a status. */
int code_watch_open(struct app *app, const char *path, const octet_engine *engine,
                    struct code_watch *watch);

/* Whether looks at this session's runs are dear: on a GPU each layer then runs on its own, and its
 * output is copied from there. */
bool code_looks_are_dear(const octet_session *session);

/* The session's next run has its slot 0, a picture of that size, looked at; until
 * code_watch_end(). A watch may be led from session to session of its engine. */
void code_watch_begin(struct code_watch *watch, octet_session *session, int width, int height);
/* The same of a picture that lies there. */
void code_watch_begin_at(struct code_watch *watch, octet_session *session,
                         const octet_letterbox *where);
enum code_news code_watch_end(struct code_watch *watch, octet_session *session);

/* News in words, the caller's to free; `engine` is its path. */
char *code_news_text(enum code_news news, const char *engine, const octet_drift_state *state);

/* What can be said in the end, likewise. */
char *code_verdict_text(const octet_drift_state *state);

/* {"pictures":.., "rise_db":..|null, "changed":..|null} */
json_t *code_watch_json(const octet_drift_state *state);

/* Accepts a zeroed struct. */
void code_watch_close(struct code_watch *watch);

#endif
