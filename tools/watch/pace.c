/* SPDX-License-Identifier: Apache-2.0 */
/* Tells when a film's frame is to be seen, and which frames of a camera are wanted. */
#include "watch/pace.h"

#define MS 1000.0
#define SLACK 0.25 /* of the time between wanted frames: so much too early is in time */

void pace_restart(struct pace *pace)
{
    pace->has_begun = false;
    pace->due_s = 0;
}

double pace_seen_ms(struct pace *pace, double time_s, double now_ms)
{
    if (pace->speed <= 0)
        return now_ms;
    if (!pace->has_begun) {
        pace->has_begun = true;
        pace->start_ms = now_ms;
        pace->first_s = time_s;
    }
    const double seen_ms = pace->start_ms + (time_s - pace->first_s) * MS / pace->speed;
    if (now_ms - seen_ms <= PACE_BEHIND_MS)
        return seen_ms;
    pace->start_ms += now_ms - seen_ms;
    return now_ms;
}

bool pace_wants(struct pace *pace, double time_s)
{
    if (pace->fps <= 0)
        return true;
    const double step_s = 1 / pace->fps;
    if (pace->due_s > time_s + 2 * step_s) /* its clock went back */
        pace->due_s = time_s;
    if (time_s < pace->due_s - SLACK * step_s)
        return false;
    pace->due_s += step_s;
    if (pace->due_s < time_s) /* what did not come is not made up for */
        pace->due_s = time_s + step_s;
    return true;
}
