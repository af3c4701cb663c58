/* SPDX-License-Identifier: Apache-2.0 */
/* Leads an observer's tensors to the watch, and tells when its word changes. */
#include "models/code_watch.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

int code_watch_open(struct app *app, const char *path, const octet_engine *engine,
                    struct code_watch *watch)
{
    *watch = (struct code_watch){.state = {.changed = -1}};
    if (octet_drift_create(app->context, engine, &watch->drift) == OCTET_OK)
        return STATUS_DONE;
    return app_fail(app, "%s: %s", path, octet_context_message(app->context));
}

bool code_looks_are_dear(const octet_session *session)
{
    return strcmp(octet_session_device(session), "cpu") != 0;
}

static int look(void *user, int index, int layer, const octet_tensor_view *view)
{
    struct code_watch *watch = user;
    if (index == 0)
        octet_drift_look(watch->drift, layer, view, &watch->where);
    return 0;
}

void code_watch_begin_at(struct code_watch *watch, octet_session *session,
                         const octet_letterbox *where)
{
    watch->where = *where;
    octet_drift_at(watch->drift, octet_session_height(session), octet_session_width(session));
    octet_session_observe(session, look, watch);
}

void code_watch_begin(struct code_watch *watch, octet_session *session, int width, int height)
{
    octet_letterbox where = {0};
    octet_letterbox_geometry(width, height, octet_session_width(session),
                             octet_session_height(session), &where);
    code_watch_begin_at(watch, session, &where);
}

enum code_news code_watch_end(struct code_watch *watch, octet_session *session)
{
    octet_session_observe(session, NULL, NULL);
    octet_drift_next(watch->drift, &watch->state);
    const bool has_changed = watch->state.changed == 1, is_news = has_changed != watch->has_changed;
    watch->has_changed = has_changed;
    return !is_news ? CODES_NO_NEWS : has_changed ? CODES_CHANGED : CODES_AGAIN;
}

char *code_news_text(enum code_news news, const char *engine, const octet_drift_state *state)
{
    return news == CODES_CHANGED
               ? app_printf("the pictures are no longer what %s was calibrated for: coding makes "
                            "%.1f dB more noise; octet calibrate --check says where",
                            engine, state->median)
               : app_printf("the pictures are again what %s was calibrated for", engine);
}

char *code_verdict_text(const octet_drift_state *state)
{
    if (state->changed < 0)
        return app_printf("no verdict by %" PRId64 " picture%s: it needs 8 or more",
                          state->pictures, state->pictures == 1 ? "" : "s");
    return app_printf("%s: at the end coding made %.1f dB %s noise than on the calibration's "
                      "pictures (%" PRId64 " looked at)",
                      state->changed ? "recalibrate" : "fits", fabs(state->median),
                      state->median < 0 ? "less" : "more", state->pictures);
}

json_t *code_watch_json(const octet_drift_state *state)
{
    json_t *json = json_new_object();
    json_put(json, "pictures", json_integer((json_int_t)state->pictures));
    json_put(json, "rise_db", state->pictures ? json_number(state->median) : json_null());
    json_put(json, "changed", state->changed < 0 ? json_null() : json_boolean(state->changed));
    return json;
}

void code_watch_close(struct code_watch *watch)
{
    octet_drift_free(&watch->drift);
}
