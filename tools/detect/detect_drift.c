/* SPDX-License-Identifier: Apache-2.0 */
/* Says when the world has changed, and when it is again as it was. */
#include "detect/detect_drift.h"

#include <stdlib.h>

int detect_drift_open(struct app *app, const char *path, const octet_engine *engine,
                      struct detect_drift *drift)
{
    *drift = (struct detect_drift){.app = app, .engine = path};
    return code_watch_open(app, path, engine, &drift->watch);
}

void detect_drift_before(struct detect_drift *drift, octet_session *session,
                         const octet_letterbox *where)
{
    if (!drift->engine)
        return;
    const size_t every = code_looks_are_dear(session) ? LOOKS_EVERY_DEAR : LOOKS_EVERY;
    drift->is_looking = drift->runs < DRIFT_FIRST || drift->runs % every == 0;
    drift->runs++;
    if (drift->is_looking)
        code_watch_begin_at(&drift->watch, session, where);
}

void detect_drift_after(struct detect_drift *drift, octet_session *session, const char *label)
{
    if (!drift->is_looking)
        return;
    drift->is_looking = false;
    const enum code_news news = code_watch_end(&drift->watch, session);
    if (news == CODES_NO_NEWS)
        return;
    char *text = code_news_text(news, drift->engine, &drift->watch.state);
    app_say(drift->app, "%s%s: %s", news == CODES_CHANGED ? "warning: " : "", label, text);
    free(text);
}

void detect_drift_end(struct detect_drift *drift)
{
    if (!drift->engine || drift->app->output_failed)
        return;
    char *text = code_verdict_text(&drift->watch.state);
    app_say(drift->app, "drift: %s", text);
    free(text);
}

void detect_drift_close(struct detect_drift *drift)
{
    code_watch_close(&drift->watch);
}
