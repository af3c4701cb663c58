/* SPDX-License-Identifier: Apache-2.0 */
/* Letterboxes pictures into slots of the sessions of their sizes, and runs these when they are full
 * or no more pictures come. */
#include "detect/detect_window.h"

#include <stdlib.h>
#include <string.h>

/* Batches' worth of pictures among which those of one size are looked for. Frames of a film or a
 * camera are of one size as they come: results do not wait for more than a batch of them. */
#define WINDOW_BATCHES 4

int detect_window_open(struct detect_window *window, struct app *app, const octet_engine *engine,
                       const octet_session_settings *settings, bool rect)
{
    *window = (struct detect_window){.app = app, .batch = (size_t)settings->batch};
    const octet_status status =
        sized_sessions_open(&window->sessions, app->context, engine, settings, rect);
    return status == OCTET_OK ? STATUS_DONE
                              : app_fail_library(app, status, octet_context_message(app->context));
}

void detect_window_begin(struct detect_window *window, const octet_detect_settings *selection,
                         struct detect_drift *drift, bool keep_images)
{
    const bool looks_ahead = window->sessions.rect && window->batch > 1 && !keep_images;
    window->selection = selection;
    window->drift = drift;
    window->keep_images = keep_images;
    window->capacity = looks_ahead ? WINDOW_BATCHES * window->batch : window->batch;
    window->pictures = app_alloc(window->capacity, sizeof *window->pictures);
    window->found = app_alloc((size_t)selection->max_detections, sizeof *window->found);
    for (int i = 0; i < SIZED_SESSIONS_MAX; i++)
        window->groups[i].seats = app_alloc(window->batch, sizeof *window->groups[i].seats);
}

bool detect_window_is_full(const struct detect_window *window)
{
    return window->count == window->capacity || (window->waits && window->count >= window->batch);
}

static int fail_session(const struct detect_window *window, octet_status status,
                        const octet_session *session)
{
    return app_fail_library(window->app, status, octet_session_message(session));
}

/* The boxes of a picture that was run. */
static int take_boxes(struct detect_window *window, octet_session *session, int slot,
                      struct seated_picture *picture)
{
    const double start_ms = app_now_ms();
    const octet_status status =
        octet_session_detect(session, slot, window->selection, window->found,
                             window->selection->max_detections, &picture->count);
    if (status != OCTET_OK)
        return fail_session(window, status, session);
    picture->detections = app_alloc((size_t)picture->count, sizeof *picture->detections);
    if (picture->count)
        memcpy(picture->detections, window->found,
               (size_t)picture->count * sizeof *picture->detections);
    picture->times.postprocess = app_now_ms() - start_ms;
    octet_session_clear(session, slot);
    return STATUS_DONE;
}

static int run_group(struct detect_window *window, struct slot_group *group)
{
    octet_session *session = group->session;
    const struct seated_picture *first = &window->pictures[group->seats[0]];
    const double start_ms = app_now_ms();
    detect_drift_before(window->drift, session, &first->where);
    const octet_status status = octet_session_run(session);
    const double each_ms = (app_now_ms() - start_ms) / (double)group->count;
    detect_drift_after(window->drift, session, first->frame.label);
    if (status != OCTET_OK)
        return fail_session(window, status, session);
    int result = STATUS_DONE;
    for (size_t i = 0; i < group->count && result == STATUS_DONE; i++) {
        struct seated_picture *picture = &window->pictures[group->seats[i]];
        picture->times.inference = each_ms;
        result = take_boxes(window, session, (int)i, picture);
        size_tally_add(&window->tally, octet_session_height(session), octet_session_width(session),
                       1);
    }
    group->count = 0;
    return result;
}

int detect_window_run(struct detect_window *window)
{
    int status = STATUS_DONE;
    for (int i = 0; i < SIZED_SESSIONS_MAX && status == STATUS_DONE; i++)
        if (window->groups[i].count)
            status = run_group(window, &window->groups[i]);
    return status;
}

/* The session's group, or a free one: never more sessions have pictures than are open. */
static struct slot_group *find_group(struct detect_window *window, octet_session *session)
{
    struct slot_group *found = NULL;
    for (int i = 0; i < SIZED_SESSIONS_MAX; i++) {
        struct slot_group *group = &window->groups[i];
        if (group->count && group->session == session)
            return group;
        if (!group->count)
            found = group;
    }
    found->session = session;
    return found;
}

/* The group of a picture's size, which has a free slot. A session that has to be opened may close
 * another, which must not hold pictures then. */
static int choose_group(struct detect_window *window, const octet_letterbox *where,
                        struct slot_group **group)
{
    struct app *app = window->app;
    const int height = where->target_height, width = where->target_width;
    int status = STATUS_DONE;
    if (!sized_sessions_have(&window->sessions, height, width))
        status = detect_window_run(window);
    if (status != STATUS_DONE)
        return status;
    octet_session *session = sized_sessions_ask(&window->sessions, height, width)->session;
    if (!session)
        return app_fail(app, "%s", octet_context_message(app->context));
    *group = find_group(window, session);
    if ((*group)->count == window->batch)
        status = run_group(window, *group);
    return status;
}

static struct seated_picture seat(const struct detect_window *window, const struct frame *frame)
{
    struct seated_picture picture = {.frame = *frame, .times.decode = frame->decode_ms};
    picture.width = frame->held ? frame->planes.width : octet_image_width(frame->image);
    picture.height = frame->held ? frame->planes.height : octet_image_height(frame->image);
    picture.where = sized_sessions_place(&window->sessions, picture.width, picture.height);
    return picture;
}

/* A picture, or a film's planes. */
static octet_status set_slot(octet_session *session, size_t slot, const struct frame *frame)
{
    return frame->held ? octet_session_set_frame(session, (int)slot, &frame->planes)
                       : octet_session_set_image(session, (int)slot, frame->image);
}

int detect_window_take(struct detect_window *window, struct frame *frame, char **problem)
{
    struct seated_picture picture = seat(window, frame);
    struct slot_group *group = NULL;
    *problem = NULL;
    int status = choose_group(window, &picture.where, &group);
    if (status != STATUS_DONE)
        return status;
    const double start_ms = app_now_ms();
    if (set_slot(group->session, group->count, frame) != OCTET_OK) {
        *problem = app_printf("%s: %s", frame->label, octet_session_message(group->session));
        return STATUS_DONE;
    }
    picture.times.preprocess = app_now_ms() - start_ms;
    if (!window->keep_images) { /* their memory serves the next ones */
        octet_image_free(&picture.frame.image);
        frame_release(&picture.frame);
    }
    window->waits = frame->is_film || frame->streamed;
    group->seats[group->count++] = window->count;
    window->pictures[window->count++] = picture;
    *frame = (struct frame){0};
    return STATUS_DONE;
}

void detect_window_empty(struct detect_window *window)
{
    for (size_t i = 0; i < window->count; i++) {
        frame_free(&window->pictures[i].frame);
        free(window->pictures[i].detections);
        window->pictures[i] = (struct seated_picture){0};
    }
    window->count = 0;
}

void detect_window_close(struct detect_window *window)
{
    detect_window_empty(window);
    for (int i = 0; i < SIZED_SESSIONS_MAX; i++)
        free(window->groups[i].seats);
    free(window->pictures);
    free(window->found);
    size_tally_free(&window->tally);
    sized_sessions_close(&window->sessions);
}
