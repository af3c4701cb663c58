/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the newest frame of each camera, and lets workers wait for the next one in turn. */
#include "watch/desk.h"

#include <pthread.h>
#include <stdlib.h>

#include "app/allocate.h"
#include "app/clock.h"

struct desk {
    pthread_mutex_t mutex; /* guards all below */
    pthread_cond_t work;   /* a frame can be taken, or it is over */
    pthread_cond_t done;   /* a frame was looked at, or it is over */
    struct schedule schedule;
    struct desk_frame *waiting; /* of each camera whose entry says so */
    size_t busy;
    bool is_over;
};

struct desk *desk_open(const struct desk_settings *settings)
{
    struct desk *desk = app_alloc(1, sizeof *desk);
    pthread_mutex_init(&desk->mutex, NULL);
    pthread_cond_init(&desk->work, NULL);
    pthread_cond_init(&desk->done, NULL);
    desk->waiting = app_alloc(settings->cameras, sizeof *desk->waiting);
    desk->schedule = (struct schedule){
        .entries = app_alloc(settings->cameras, sizeof *desk->schedule.entries),
        .count = settings->cameras,
        .max_age_ms = settings->max_age_ms,
        .workers = settings->workers,
    };
    for (size_t i = 0; i < settings->cameras; i++)
        desk->schedule.entries[i].weight = settings->weights[i];
    return desk;
}

bool desk_put(struct desk *desk, size_t camera, const struct desk_frame *frame)
{
    pthread_mutex_lock(&desk->mutex);
    const bool replaced = desk->schedule.entries[camera].is_waiting;
    const struct desk_frame before = desk->waiting[camera];
    desk->waiting[camera] = *frame;
    schedule_put(&desk->schedule, camera, frame->seen_ms);
    pthread_cond_signal(&desk->work);
    pthread_mutex_unlock(&desk->mutex);
    if (replaced)
        before.release(before.video.held);
    return replaced;
}

bool desk_take(struct desk *desk, size_t *camera, struct desk_frame *frame)
{
    pthread_mutex_lock(&desk->mutex);
    size_t found = SCHEDULE_NOBODY;
    while (!desk->is_over &&
           (found = schedule_take(&desk->schedule, app_now_ms())) == SCHEDULE_NOBODY)
        pthread_cond_wait(&desk->work, &desk->mutex);
    const bool is_there = found != SCHEDULE_NOBODY;
    if (is_there) {
        *camera = found;
        *frame = desk->waiting[found];
        desk->busy++;
    }
    pthread_mutex_unlock(&desk->mutex);
    return is_there;
}

void desk_done(struct desk *desk, size_t camera, const struct desk_frame *frame, double service_ms)
{
    pthread_mutex_lock(&desk->mutex);
    schedule_done(&desk->schedule, camera, frame->seen_ms, service_ms);
    desk->busy--;
    if (desk->schedule.entries[camera].is_waiting)
        pthread_cond_signal(&desk->work);
    pthread_cond_broadcast(&desk->done);
    pthread_mutex_unlock(&desk->mutex);
}

void desk_drain(struct desk *desk, size_t camera)
{
    const struct schedule_entry *entry = &desk->schedule.entries[camera];
    pthread_mutex_lock(&desk->mutex);
    while (!desk->is_over && (entry->is_waiting || entry->is_busy))
        pthread_cond_wait(&desk->done, &desk->mutex);
    pthread_mutex_unlock(&desk->mutex);
}

bool desk_is_empty(struct desk *desk)
{
    pthread_mutex_lock(&desk->mutex);
    bool is_empty = desk->busy == 0;
    for (size_t i = 0; i < desk->schedule.count; i++)
        is_empty = is_empty && !desk->schedule.entries[i].is_waiting;
    pthread_mutex_unlock(&desk->mutex);
    return is_empty;
}

void desk_end(struct desk *desk)
{
    pthread_mutex_lock(&desk->mutex);
    desk->is_over = true;
    pthread_cond_broadcast(&desk->work);
    pthread_cond_broadcast(&desk->done);
    pthread_mutex_unlock(&desk->mutex);
}

void desk_close(struct desk **desk)
{
    struct desk *open = *desk;
    if (!open)
        return;
    for (size_t i = 0; i < open->schedule.count; i++)
        if (open->schedule.entries[i].is_waiting)
            open->waiting[i].release(open->waiting[i].video.held);
    pthread_cond_destroy(&open->work);
    pthread_cond_destroy(&open->done);
    pthread_mutex_destroy(&open->mutex);
    free(open->schedule.entries);
    free(open->waiting);
    free(open);
    *desk = NULL;
}
