/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses the camera whose frame is looked at next. */
#include "watch/schedule.h"

#define SERVICE_SHARE 0.1 /* of a new time in the mean */

void schedule_put(struct schedule *schedule, size_t camera, double seen_ms)
{
    struct schedule_entry *entry = &schedule->entries[camera];
    if (!entry->is_waiting && !entry->is_busy && entry->pass < schedule->pass)
        entry->pass = schedule->pass;
    if (!entry->last_result_ms) /* its age begins with its first frame */
        entry->last_result_ms = seen_ms;
    entry->is_waiting = true;
    entry->waiting_ms = seen_ms;
}

static bool is_ready(const struct schedule_entry *entry)
{
    return entry->is_waiting && !entry->is_busy;
}

/* The camera of the oldest result that passes the limit unless its turn comes before all others
 * had theirs. */
static size_t find_urgent(const struct schedule *schedule, double now_ms)
{
    size_t ready = 0, oldest = SCHEDULE_NOBODY;
    for (size_t i = 0; i < schedule->count; i++) {
        const struct schedule_entry *entry = &schedule->entries[i];
        if (!is_ready(entry))
            continue;
        ready++;
        if (oldest == SCHEDULE_NOBODY ||
            entry->last_result_ms < schedule->entries[oldest].last_result_ms)
            oldest = i;
    }
    if (oldest == SCHEDULE_NOBODY)
        return oldest;
    const double turns = 2 + (double)ready / (double)schedule->workers;
    const double left_ms = schedule->entries[oldest].last_result_ms + schedule->max_age_ms - now_ms;
    return left_ms < turns * schedule->service_ms ? oldest : SCHEDULE_NOBODY;
}

static size_t find_behind(const struct schedule *schedule)
{
    size_t behind = SCHEDULE_NOBODY;
    for (size_t i = 0; i < schedule->count; i++) {
        const struct schedule_entry *entry = &schedule->entries[i];
        if (!is_ready(entry))
            continue;
        const struct schedule_entry *best =
            behind == SCHEDULE_NOBODY ? NULL : &schedule->entries[behind];
        if (!best || entry->pass < best->pass ||
            (entry->pass == best->pass && entry->waiting_ms < best->waiting_ms))
            behind = i;
    }
    return behind;
}

size_t schedule_take(struct schedule *schedule, double now_ms)
{
    size_t camera = SCHEDULE_NOBODY;
    if (schedule->max_age_ms > 0)
        camera = find_urgent(schedule, now_ms);
    const bool is_urgent = camera != SCHEDULE_NOBODY;
    if (!is_urgent)
        camera = find_behind(schedule);
    if (camera == SCHEDULE_NOBODY)
        return camera;
    struct schedule_entry *entry = &schedule->entries[camera];
    if (!is_urgent) /* one that goes before its turn does not move the others' time on */
        schedule->pass = entry->pass;
    entry->pass += 1 / entry->weight;
    entry->is_waiting = false;
    entry->is_busy = true;
    return camera;
}

void schedule_done(struct schedule *schedule, size_t camera, double seen_ms, double service_ms)
{
    struct schedule_entry *entry = &schedule->entries[camera];
    entry->is_busy = false;
    entry->last_result_ms = seen_ms;
    schedule->service_ms =
        schedule->service_ms > 0
            ? schedule->service_ms + SERVICE_SHARE * (service_ms - schedule->service_ms)
            : service_ms;
}
