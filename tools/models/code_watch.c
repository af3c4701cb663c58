/* SPDX-License-Identifier: Apache-2.0 */
/* Leads an observer's tensors to the watch. */
#include "models/code_watch.h"

int code_watch_open(struct app *app, const char *path, const octet_engine *engine,
                    octet_session *session, struct code_watch *watch)
{
    *watch = (struct code_watch){.session = session};
    if (octet_drift_create(app->context, engine, &watch->drift) == OCTET_OK)
        return STATUS_DONE;
    return app_fail(app, "%s: %s", path, octet_context_message(app->context));
}

static int look(void *user, int index, int layer, const octet_tensor_view *view)
{
    struct code_watch *watch = user;
    if (index == 0)
        octet_drift_look(watch->drift, layer, view, &watch->where);
    return 0;
}

void code_watch_begin(struct code_watch *watch, int width, int height)
{
    octet_letterbox_geometry(width, height, octet_session_width(watch->session),
                             octet_session_height(watch->session), &watch->where);
    octet_session_observe(watch->session, look, watch);
}

void code_watch_end(struct code_watch *watch, octet_drift_state *state)
{
    octet_session_observe(watch->session, NULL, NULL);
    octet_drift_next(watch->drift, state);
}

void code_watch_close(struct code_watch *watch)
{
    octet_drift_free(&watch->drift);
}
