/* SPDX-License-Identifier: Apache-2.0 */
/* The watch of `detect --drift`: looks at some of the pictures, and tells when they are no longer
 * what the engine was calibrated for. */
#ifndef TOOLS_DETECT_DRIFT_H
#define TOOLS_DETECT_DRIFT_H

#include "models/code_watch.h"

#define DRIFT_FIRST 9 /* pictures that are all looked at, for a first word */

struct detect_drift {
    struct app *app;
    const char *engine; /* its path; NULL: no watch */
    struct code_watch watch;
    size_t runs;
    bool is_looking;
};

/* Returns a status. */
int detect_drift_open(struct app *app, const char *path, const octet_engine *engine,
                      struct detect_drift *drift);

/* Around a run of a session whose slot 0 holds a picture that lies there; `label` is what people
 * call it. */
void detect_drift_before(struct detect_drift *drift, octet_session *session,
                         const octet_letterbox *where);
void detect_drift_after(struct detect_drift *drift, octet_session *session, const char *label);

/* What it says at the end of all pictures. */
void detect_drift_end(struct detect_drift *drift);

/* Accepts a zeroed struct. */
void detect_drift_close(struct detect_drift *drift);

#endif
