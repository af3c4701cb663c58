/* SPDX-License-Identifier: Apache-2.0 */
/* Counts what happens to a camera's frames. */
#include "watch/camera_counts.h"

#include <stdlib.h>
#include <string.h>

#include "app/allocate.h"
#include "app/clock.h"

void camera_counts_open(struct camera_counts *counts)
{
    pthread_mutex_init(&counts->mutex, NULL);
    counts->numbers.drift.changed = -1;
}

void camera_counts_close(struct camera_counts *counts)
{
    pthread_mutex_destroy(&counts->mutex);
}

void camera_counts_received(struct camera_counts *counts, const int size[2], double now_ms)
{
    struct camera_numbers *numbers = &counts->numbers;
    pthread_mutex_lock(&counts->mutex);
    numbers->received++;
    numbers->width = size[0];
    numbers->height = size[1];
    if (numbers->state != CAMERA_UP)
        numbers->up_ms = now_ms;
    numbers->state = CAMERA_UP;
    pthread_mutex_unlock(&counts->mutex);
}

static void add(struct camera_counts *counts, uint64_t *number, uint64_t count)
{
    pthread_mutex_lock(&counts->mutex);
    *number += count;
    pthread_mutex_unlock(&counts->mutex);
}

void camera_counts_missed(struct camera_counts *counts, uint64_t frames)
{
    add(counts, &counts->numbers.received, frames);
    add(counts, &counts->numbers.dropped, frames);
}

void camera_counts_dropped(struct camera_counts *counts)
{
    add(counts, &counts->numbers.dropped, 1);
}

void camera_counts_passed_over(struct camera_counts *counts)
{
    add(counts, &counts->numbers.passed_over, 1);
}

void camera_counts_failed(struct camera_counts *counts)
{
    add(counts, &counts->numbers.failed, 1);
}

void camera_counts_reconnected(struct camera_counts *counts)
{
    add(counts, &counts->numbers.reconnects, 1);
}

enum camera_state camera_counts_state(struct camera_counts *counts, enum camera_state state)
{
    pthread_mutex_lock(&counts->mutex);
    const enum camera_state before = counts->numbers.state;
    counts->numbers.state = state;
    pthread_mutex_unlock(&counts->mutex);
    return before;
}

void camera_counts_result(struct camera_counts *counts, const struct result_times *times,
                          double seen_ms, int detections, double limit_ms)
{
    struct camera_numbers *numbers = &counts->numbers;
    pthread_mutex_lock(&counts->mutex);
    const double made_ms = seen_ms + times->age;
    const double since_ms = numbers->last_seen_ms > 0 && numbers->last_seen_ms >= numbers->up_ms
                                ? made_ms - numbers->last_seen_ms
                                : times->age;
    numbers->overdue += limit_ms > 0 && since_ms > limit_ms;
    counts->ages_ms[numbers->results % AGES_KEPT] = (float)times->age;
    numbers->results++;
    numbers->detections += (uint64_t)detections;
    numbers->last_seen_ms = seen_ms;
    numbers->sum_age_ms += times->age;
    if (times->age > numbers->age_most_ms)
        numbers->age_most_ms = times->age;
    pthread_mutex_unlock(&counts->mutex);
    latency_add(&counts->age, times->age);
    latency_add(&counts->work, times->work);
}

void camera_counts_drift(struct camera_counts *counts, const octet_drift_state *state)
{
    pthread_mutex_lock(&counts->mutex);
    counts->numbers.drift = *state;
    pthread_mutex_unlock(&counts->mutex);
}

struct camera_numbers camera_counts_get(struct camera_counts *counts)
{
    pthread_mutex_lock(&counts->mutex);
    const struct camera_numbers numbers = counts->numbers;
    pthread_mutex_unlock(&counts->mutex);
    return numbers;
}

static int compare(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

void camera_counts_ages(struct camera_counts *counts, const double *shares, size_t count,
                        double *ages_ms)
{
    float *sorted = app_alloc(AGES_KEPT, sizeof *sorted);
    pthread_mutex_lock(&counts->mutex);
    const uint64_t results = counts->numbers.results;
    const size_t kept = results < AGES_KEPT ? (size_t)results : AGES_KEPT;
    memcpy(sorted, counts->ages_ms, kept * sizeof *sorted);
    pthread_mutex_unlock(&counts->mutex);
    qsort(sorted, kept, sizeof *sorted, compare);
    for (size_t i = 0; i < count; i++) {
        const size_t at = (size_t)(shares[i] * (double)kept);
        ages_ms[i] = kept ? sorted[at < kept ? at : kept - 1] : 0;
    }
    free(sorted);
}

const char *camera_state_word(enum camera_state state)
{
    static const char *const words[] = {
        [CAMERA_STARTING] = "starting", [CAMERA_UP] = "up",         [CAMERA_LOST] = "lost",
        [CAMERA_FINISHED] = "finished", [CAMERA_FAILED] = "failed",
    };
    return words[state];
}
