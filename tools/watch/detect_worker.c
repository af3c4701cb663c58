/* SPDX-License-Identifier: Apache-2.0 */
/* Takes frames from the desk, runs the network on them and hands the boxes on. */
#include "watch/detect_worker.h"

#include <stdlib.h>

#include "app/session_settings.h"
#include "models/sized_sessions.h"
#include "watch/watch_event.h"

#define FAILURES_TOLD 3

/* What a session finds in a frame. */
struct found {
    octet_detection *boxes;
    uint64_t *in_zones;
    int count, capacity;
};

struct detect_worker {
    struct watch *watch;
    octet_context *context; /* the sessions': a context is one thread's */
    struct sized_sessions sessions;
    octet_detect_settings *selection; /* of each camera */
    struct found found;
    pthread_t thread;
    bool is_running;
    size_t failures;
};

/* What the camera says, else the model, else octet. */
static octet_detect_settings select_for(const struct watch *watch, size_t camera)
{
    const struct camera_settings *settings = watch->cameras[camera].settings;
    octet_detect_settings selection;
    octet_engine_detect_settings(watch->engine, &selection);
    if (settings->confidence >= 0)
        selection.confidence = settings->confidence;
    if (settings->iou >= 0)
        selection.iou = settings->iou;
    selection.classes = settings->class_list.count ? settings->class_list.ids : NULL;
    selection.class_count = settings->class_list.count;
    return selection;
}

/* Keeps boxes that stand in a zone, where there are zones. */
static void keep_in_zones(struct found *found, const struct camera_settings *camera,
                          const octet_frame *pixels)
{
    int kept = 0;
    for (int i = 0; camera->zone_count && i < found->count; i++) {
        const uint64_t bits = zones_of_box(camera->zones, camera->zone_count, &found->boxes[i],
                                           pixels->width, pixels->height);
        if (!bits)
            continue;
        found->boxes[kept] = found->boxes[i];
        found->in_zones[kept++] = bits;
    }
    if (camera->zone_count)
        found->count = kept;
}

/* Tells when the camera's world has changed, and counts. */
static void tell_drift(const struct watch *watch, struct watched_camera *camera,
                       enum code_news news)
{
    const octet_drift_state *state = &camera->drift.codes.state;
    const char *name = camera->settings->name;
    camera_counts_drift(&camera->counts, state);
    if (news == CODES_NO_NEWS)
        return;
    char *text = code_news_text(news, watch->engine_path, state);
    app_say(watch->app, "%s%s: %s", news == CODES_CHANGED ? "warning: " : "", name, text);
    watch_outputs_drift(watch->outputs, name, state, text);
    free(text);
}

/* The line about what went wrong at last: a session's, or why there is none. */
static const char *message_of(const struct detect_worker *worker, const octet_session *session)
{
    return session ? octet_session_message(session) : octet_context_message(worker->context);
}

static void say_failure(struct detect_worker *worker, const struct watched_camera *camera,
                        const octet_session *session)
{
    if (worker->failures++ < FAILURES_TOLD)
        app_say(worker->watch->app, "%s: a frame could not be looked at: %s",
                camera->settings->name, message_of(worker, session));
}

/* Runs the frame that the session holds, with a look at its codes now and then. */
static octet_status run_frame(struct detect_worker *worker, struct watched_camera *watched,
                              octet_session *session, const struct desk_frame *frame)
{
    enum code_news news;
    const octet_letterbox where = sized_sessions_place(&worker->sessions, frame->video.pixels.width,
                                                       frame->video.pixels.height);
    camera_drift_before(&watched->drift, session, &where, frame->video.time_s);
    const octet_status status = octet_session_run(session);
    if (camera_drift_after(&watched->drift, session, &news))
        tell_drift(worker->watch, watched, news);
    return status;
}

/* The frame is given back as soon as the session has it. */
static bool look(struct detect_worker *worker, size_t camera, struct desk_frame *frame,
                 struct result_times *times)
{
    struct found *found = &worker->found;
    struct watched_camera *watched = &worker->watch->cameras[camera];
    const octet_frame *pixels = &frame->video.pixels;
    const double start_ms = app_now_ms();
    octet_session *session = sized_sessions_for(&worker->sessions, pixels->width, pixels->height);
    octet_status status = session ? octet_session_set_frame(session, 0, pixels) : OCTET_OK;
    frame->release(frame->video.held);
    if (session && !status)
        status = run_frame(worker, watched, session, frame);
    if (session && !status)
        status = octet_session_detect(session, 0, &worker->selection[camera], found->boxes,
                                      found->capacity, &found->count);
    times->work = app_now_ms() - start_ms;
    if (session && !status)
        return true;
    say_failure(worker, watched, session);
    return false;
}

static void send(struct detect_worker *worker, struct watched_camera *camera,
                 const struct desk_frame *frame, struct result_times *times)
{
    const struct watch *watch = worker->watch;
    const struct camera_settings *settings = camera->settings;
    const struct found *found = &worker->found;
    times->age = app_now_ms() - frame->seen_ms;
    const struct watch_event event = {
        .camera = settings->name,
        .frame = frame->index,
        .wall_s = wall_now_s() - times->age / 1e3,
        .time_s = frame->video.time_s,
        .width = frame->video.pixels.width,
        .height = frame->video.pixels.height,
        .engine = watch->engine,
        .detections = found->boxes,
        .in_zones = found->in_zones,
        .count = found->count,
        .zones = settings->zones,
        .zone_count = settings->zone_count,
        .age_ms = times->age,
    };
    char *line = watch_event_line(&event);
    watch_outputs_result(watch->outputs, settings->name, line, found->count || camera->had_boxes);
    camera->had_boxes = found->count > 0;
    free(line);
}

static void *run(void *user)
{
    struct detect_worker *worker = user;
    struct watch *watch = worker->watch;
    struct desk_frame frame;
    size_t number;
    while (desk_take(watch->desk, &number, &frame)) {
        struct watched_camera *camera = &watch->cameras[number];
        struct result_times times = {0};
        const double start_ms = app_now_ms();
        if (!look(worker, number, &frame, &times)) {
            camera_counts_failed(&camera->counts);
        } else {
            keep_in_zones(&worker->found, camera->settings, &frame.video.pixels);
            send(worker, camera, &frame, &times);
            camera_counts_result(&camera->counts, &times, frame.seen_ms, worker->found.count,
                                 watch->settings.max_age_ms);
        }
        desk_done(watch->desk, number, &frame, app_now_ms() - start_ms);
    }
    return NULL;
}

static octet_status open_sessions(struct detect_worker *worker,
                                  const struct worker_settings *settings)
{
    struct app *app = worker->watch->app;
    octet_session_settings wanted = app_session_settings(app, app->device, settings->size);
    wanted.threads = settings->threads;
    const octet_status status = octet_context_create(NULL, &worker->context);
    return status ? status
                  : sized_sessions_open(&worker->sessions, worker->context, worker->watch->engine,
                                        &wanted, settings->rect);
}

static void choose_selections(struct detect_worker *worker)
{
    const struct watch *watch = worker->watch;
    struct found *found = &worker->found;
    worker->selection = app_alloc(watch->count, sizeof *worker->selection);
    for (size_t i = 0; i < watch->count; i++) {
        worker->selection[i] = select_for(watch, i);
        if (worker->selection[i].max_detections > found->capacity)
            found->capacity = worker->selection[i].max_detections;
    }
    found->boxes = app_alloc((size_t)found->capacity, sizeof *found->boxes);
    found->in_zones = app_alloc((size_t)found->capacity, sizeof *found->in_zones);
}

struct detect_worker *detect_worker_start(struct watch *watch,
                                          const struct worker_settings *settings)
{
    struct detect_worker *worker = app_alloc(1, sizeof *worker);
    worker->watch = watch;
    const octet_status status = open_sessions(worker, settings);
    if (status)
        app_fail_library(watch->app, status,
                         worker->context ? octet_context_message(worker->context) : "");
    else
        choose_selections(worker);
    if (!status && pthread_create(&worker->thread, NULL, run, worker) == 0)
        worker->is_running = true;
    else if (!status)
        app_fail(watch->app, "no thread can be made for a session");
    if (!worker->is_running)
        detect_worker_join(&worker);
    return worker;
}

const octet_session *detect_worker_session(const struct detect_worker *worker)
{
    return sized_sessions_first(&worker->sessions);
}

void detect_worker_join(struct detect_worker **worker)
{
    struct detect_worker *open = *worker;
    if (!open)
        return;
    if (open->is_running)
        pthread_join(open->thread, NULL);
    sized_sessions_close(&open->sessions);
    octet_context_free(&open->context);
    free(open->selection);
    free(open->found.boxes);
    free(open->found.in_zones);
    free(open);
    *worker = NULL;
}
