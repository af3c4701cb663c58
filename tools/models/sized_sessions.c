/* SPDX-License-Identifier: Apache-2.0 */
/* Opens sessions by size and closes those that have not been asked for longest. */
#include "models/sized_sessions.h"

#include "app/options.h"

static octet_status open_size(struct sized_sessions *sessions, struct sized_session *place,
                              int height, int width)
{
    octet_session_settings settings = sessions->settings;
    settings.height = height;
    settings.width = width;
    *place = (struct sized_session){.height = height, .width = width};
    return octet_session_open(sessions->context, sessions->engine, &settings, &place->session);
}

octet_status sized_sessions_open(struct sized_sessions *sessions, octet_context *context,
                                 const octet_engine *engine, const octet_session_settings *settings,
                                 bool rect)
{
    octet_info info;
    octet_engine_info(engine, &info);
    *sessions = (struct sized_sessions){
        .context = context,
        .engine = engine,
        .settings = *settings,
        .rect = rect,
        .stride = info.stride_max > INPUT_SIDE_STEP ? info.stride_max : INPUT_SIDE_STEP,
    };
    octet_session_settings *own = &sessions->settings;
    if (!own->height) {
        own->height = info.input_height;
        own->width = info.input_width;
    }
    if (rect) {
        own->bound_height = own->height;
        own->bound_width = own->width;
    }
    struct sized_session *first = &sessions->held[0];
    first->last = ++sessions->clock;
    return open_size(sessions, first, own->height, own->width);
}

octet_session *sized_sessions_first(const struct sized_sessions *sessions)
{
    return sessions->held[0].session;
}

octet_letterbox sized_sessions_place(const struct sized_sessions *sessions, int width, int height)
{
    const octet_session_settings *bound = &sessions->settings;
    octet_letterbox place = {.target_width = bound->width, .target_height = bound->height};
    if (!sessions->rect || octet_letterbox_rect(width, height, bound->width, bound->height,
                                                sessions->stride, &place) != OCTET_OK)
        octet_letterbox_geometry(width, height, bound->width, bound->height, &place);
    return place;
}

static struct sized_session *find(const struct sized_sessions *sessions, int height, int width)
{
    for (int i = 0; i < SIZED_SESSIONS_MAX; i++) {
        const struct sized_session *held = &sessions->held[i];
        if (held->height == height && held->width == width)
            return (struct sized_session *)held;
    }
    return NULL;
}

/* A free place, else that of the size not asked for longest, which is none's any more. */
static struct sized_session *make_room(struct sized_sessions *sessions)
{
    struct sized_session *oldest = &sessions->held[1];
    for (int i = 2; i < SIZED_SESSIONS_MAX; i++)
        if (sessions->held[i].last < oldest->last)
            oldest = &sessions->held[i];
    octet_session_close(&oldest->session);
    return oldest;
}

bool sized_sessions_have(const struct sized_sessions *sessions, int height, int width)
{
    return find(sessions, height, width) != NULL;
}

struct sized_session *sized_sessions_ask(struct sized_sessions *sessions, int height, int width)
{
    struct sized_session *place = find(sessions, height, width);
    if (!place) {
        place = make_room(sessions);
        open_size(sessions, place, height, width);
    }
    place->asked++;
    place->last = ++sessions->clock;
    return place;
}

octet_session *sized_sessions_for(struct sized_sessions *sessions, int width, int height)
{
    const octet_letterbox place = sized_sessions_place(sessions, width, height);
    return sized_sessions_ask(sessions, place.target_height, place.target_width)->session;
}

void sized_sessions_close(struct sized_sessions *sessions)
{
    for (int i = 0; i < SIZED_SESSIONS_MAX; i++)
        octet_session_close(&sessions->held[i].session);
}
