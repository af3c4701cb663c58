/* SPDX-License-Identifier: Apache-2.0 */
/* The two detectors of `octet compare`: A, which is taken for true, and B. */
#ifndef TOOLS_COMPARE_SIDES_H
#define TOOLS_COMPARE_SIDES_H

#include "app/options.h"
#include "models/sized_sessions.h"

struct compare_side {
    const char *path, *device;
    octet_engine *engine;
    struct sized_sessions sessions;
    octet_session *session; /* for the picture at hand; before all of them, the first */
    octet_info info;
};

/* Opens both, of paths and devices, at one input size: `size`, or that which both have; with `rect`
 * pictures have their own within it. Detectors that cannot be compared are refused with a line that
 * says what to do. Returns a status; what was opened is closed by compare_side_close(). */
int compare_sides_open(struct app *app, const struct input_size *size, bool rect,
                       struct compare_side *a, struct compare_side *b);

/* Chooses the session for a picture of that size. Returns a status; failures are reported. */
int compare_side_choose(struct app *app, struct compare_side *side, const octet_image *image);

/* Accepts a zeroed struct. */
void compare_side_close(struct compare_side *side);

#endif
