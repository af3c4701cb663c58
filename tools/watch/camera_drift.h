/* SPDX-License-Identifier: Apache-2.0 */
/* The watch over what an INT8 engine's codes are in one camera's frames. */
#ifndef TOOLS_CAMERA_DRIFT_H
#define TOOLS_CAMERA_DRIFT_H

#include "models/code_watch.h"

#define CAMERA_LOOK_S 1.0 /* of the camera's time: one frame in so long, but for dear looks */

struct camera_drift {
    struct code_watch codes; /* without `drift`: no watch */
    double last_s;           /* time of the frame that was looked at last */
    size_t runs;             /* since then */
    bool is_looking;
};

/* Around a session's run of a frame that lies there, of that time. True: it was looked at. */
void camera_drift_before(struct camera_drift *drift, octet_session *session,
                         const octet_letterbox *where, double time_s);
bool camera_drift_after(struct camera_drift *drift, octet_session *session, enum code_news *news);

#endif
