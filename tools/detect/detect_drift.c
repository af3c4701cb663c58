/* SPDX-License-Identifier: Apache-2.0 */
/* Says when the world has changed, and when it is again as it was. */
#include "detect/detect_drift.h"

#include <inttypes.h>
#include <math.h>

int detect_drift_open(struct app *app, const char *path, const octet_engine *engine,
                      octet_session *session, struct detect_drift *drift)
{
    *drift = (struct detect_drift){.app = app, .engine = path, .state = {.changed = -1}};
    return code_watch_open(app, path, engine, session, &drift->watch);
}

void detect_drift_before(struct detect_drift *drift, int width, int height)
{
    if (!drift->engine)
        return;
    drift->is_looking = drift->runs < DRIFT_FIRST || drift->runs % DRIFT_EVERY == 0;
    drift->runs++;
    if (drift->is_looking)
        code_watch_begin(&drift->watch, width, height);
}

void detect_drift_after(struct detect_drift *drift, const char *label)
{
    if (!drift->is_looking)
        return;
    drift->is_looking = false;
    code_watch_end(&drift->watch, &drift->state);
    const bool has_changed = drift->state.changed == 1;
    if (has_changed != drift->has_changed && has_changed)
        app_say(drift->app,
                "warning: %s: the pictures are no longer what %s was calibrated for: coding makes "
                "%.1f dB more noise; octet calibrate --check says where",
                label, drift->engine, drift->state.median);
    else if (has_changed != drift->has_changed)
        app_say(drift->app, "%s: the pictures are again what %s was calibrated for", label,
                drift->engine);
    drift->has_changed = has_changed;
}

void detect_drift_end(struct detect_drift *drift)
{
    const octet_drift_state *state = &drift->state;
    if (!drift->engine || drift->app->output_failed)
        return;
    if (state->changed < 0)
        app_say(drift->app, "drift: no verdict by %" PRId64 " picture%s: it needs 8 or more",
                state->pictures, state->pictures == 1 ? "" : "s");
    else
        app_say(drift->app,
                "drift: %s: at the end coding made %.1f dB %s noise than on the calibration's "
                "pictures (%" PRId64 " looked at)",
                state->changed ? "recalibrate" : "fits", fabs(state->median),
                state->median < 0 ? "less" : "more", state->pictures);
}

void detect_drift_close(struct detect_drift *drift)
{
    code_watch_close(&drift->watch);
}
