/* SPDX-License-Identifier: Apache-2.0 */
/* The sessions of an engine, one for each input size that is asked for: at most SIZED_SESSIONS_MAX
 * are open, and the one that was asked for longest ago makes room. They share the engine's packed
 * weights. One thread's at a time. */
#ifndef TOOLS_SIZED_SESSIONS_H
#define TOOLS_SIZED_SESSIONS_H

#include "app/app.h"

#define SIZED_SESSIONS_MAX 8

/* Of verbs that run pictures at sizes of their own. */
#define RECT_OPTION(target_)                                                                       \
    {                                                                                              \
        .name = "rect", .help = "each picture at the smallest size for its shape within --imgsz",  \
        .target = target_                                                                          \
    }

struct sized_session {
    octet_session *session; /* NULL: there can be none of this size */
    int height, width;      /* pixels */
    uint64_t asked, last;   /* how often, and when last, a number that grows; 0: a free place */
};

struct sized_sessions {
    octet_context *context; /* of the thread */
    const octet_engine *engine;
    octet_session_settings settings; /* the first one's, of its size; the bound with `rect` */
    bool rect;                       /* pictures have sizes of their own */
    int stride;                      /* these are multiples of it */
    struct sized_session held[SIZED_SESSIONS_MAX]; /* the first one stays */
    uint64_t clock;
};

/* Opens the session of the settings' size, 0: the engine's. With `rect` it is the bound of the
 * sizes that pictures are run at. On failure the context has the message. What settings point to
 * must stay. */
octet_status sized_sessions_open(struct sized_sessions *sessions, octet_context *context,
                                 const octet_engine *engine, const octet_session_settings *settings,
                                 bool rect);

/* The first session: of the bound, or of all pictures. */
octet_session *sized_sessions_first(const struct sized_sessions *sessions);

/* The input of a picture of that size, the geometry's target, and where it lies in that. */
octet_letterbox sized_sessions_place(const struct sized_sessions *sessions, int width, int height);

/* Whether asking for that size closes no session. */
bool sized_sessions_have(const struct sized_sessions *sessions, int height, int width);

/* The session of that input size, opened if need be; it holds until another size is asked for that
 * is not there. One that cannot be opened is not tried again while its place is held: its session
 * is NULL, and the context has the message when it was asked for once. */
struct sized_session *sized_sessions_ask(struct sized_sessions *sessions, int height, int width);

/* The session for a picture of that size, or NULL and the context's message. */
octet_session *sized_sessions_for(struct sized_sessions *sessions, int width, int height);

/* Accepts a zeroed struct. */
void sized_sessions_close(struct sized_sessions *sessions);

#endif
