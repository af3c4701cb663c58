/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at a frame a second: neighbouring ones tell nothing new, and what only passes by is not the
 * world. */
#include "watch/camera_drift.h"

/* A clock that went back is a film or a camera that began anew. */
static bool is_due(const struct camera_drift *drift, const octet_session *session, double time_s)
{
    const double since_s = time_s - drift->last_s;
    if (drift->codes.state.pictures == 0)
        return true;
    if (code_looks_are_dear(session))
        return drift->runs >= LOOKS_EVERY_DEAR;
    return since_s < 0 || since_s >= CAMERA_LOOK_S;
}

void camera_drift_before(struct camera_drift *drift, octet_session *session,
                         const octet_letterbox *where, double time_s)
{
    drift->runs++;
    drift->is_looking = drift->codes.drift && is_due(drift, session, time_s);
    if (!drift->is_looking)
        return;
    drift->last_s = time_s;
    drift->runs = 0;
    code_watch_begin_at(&drift->codes, session, where);
}

bool camera_drift_after(struct camera_drift *drift, octet_session *session, enum code_news *news)
{
    if (!drift->is_looking)
        return false;
    *news = code_watch_end(&drift->codes, session);
    return true;
}
