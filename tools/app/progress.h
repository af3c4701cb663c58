/* SPDX-License-Identifier: Apache-2.0 */
/* A progress bar with count, rate and time left, on a terminal only. */
#ifndef TOOLS_PROGRESS_H
#define TOOLS_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

struct progress {
    struct progress **shown;
    const char *what;
    size_t done, total;
    size_t before; /* of those done: by an earlier run, in a time that is not this one's */
    double start_ms, drawn_ms;
    bool enabled, visible;
};

/* `what` is text such as "calibrating"; it must outlive the bar. Whoever prints finds the bar at
 * `*shown` until progress_finish(). */
void progress_start(struct progress *progress, struct progress **shown, const char *what,
                    size_t total, bool quiet);
void progress_add(struct progress *progress, size_t count);

/* Counts what an interrupted run had done. */
void progress_resume(struct progress *progress, size_t count);

/* Takes the bar off the screen, before other output; the next progress_add() may draw it again.
 * Accepts NULL. */
void progress_hide(struct progress *progress);
void progress_finish(struct progress *progress);

#endif
