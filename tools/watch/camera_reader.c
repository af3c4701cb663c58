/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a camera for as long as it is asked to, through all that happens to cameras. */
#include "watch/camera_reader.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "app/address.h"
#include "video/film_bytes.h"
#include "watch/pace.h"

#define SLICE_MS 50     /* so often the end is noticed */
#define SILENCE_MS 10e3 /* a camera that gives nothing for so long is asked anew */
#define BACK_OFF_MS 1e3 /* until it is asked for the first time, twice as long each time */
#define BACK_OFF_MOST_MS 30e3
#define STEADY_MS 10e3 /* one that was there for so long is asked soon again */
#define GOLDEN 0.618   /* cameras that went away together come back one after another */

struct camera_reader {
    struct watch *watch;
    size_t number;
    struct watched_camera *camera;
    const struct film_request *request;
    pthread_t thread;
    atomic_bool is_over;
    /* the thread's own */
    struct video_reader *video;
    struct video_facts facts;
    bool is_known; /* facts, of this time */
    struct pace pace;
    uint64_t next_index;
    uint64_t missed;   /* of this time: frames that the library dropped */
    int width, height; /* of the frame before */
    double back_off_ms, lost_ms;
};

/* How a time of reading ended. */
enum outcome {
    OUTCOME_ENDING, /* octet ends */
    OUTCOME_END,    /* the film does */
    OUTCOME_LOST,   /* the camera may come back */
    OUTCOME_USELESS /* it will not */
};

static bool is_ending(const struct camera_reader *reader)
{
    return atomic_load(&reader->watch->is_ending);
}

/* Until then, or the end. */
static void wait_until(const struct camera_reader *reader, double then_ms)
{
    for (double left_ms; !is_ending(reader) && (left_ms = then_ms - app_now_ms()) > 0;) {
        const double slice_ms = fmin(left_ms, SLICE_MS);
        const struct timespec pause = {0, (long)(slice_ms * 1e6)};
        nanosleep(&pause, NULL);
    }
}

/* Says and sends that the camera is in another state. */
static void tell(const struct camera_reader *reader, enum camera_state state, const char *message)
{
    const char *name = reader->camera->settings->name;
    watch_outputs_state(reader->watch->outputs, name, camera_state_word(state), message);
    if (state == CAMERA_FAILED)
        app_fail(reader->watch->app, "%s: %s", name, message);
    else
        app_say(reader->watch->app, "%s: %s", name, message);
}

static void tell_size(struct camera_reader *reader, const octet_frame *pixels, bool is_first)
{
    char rate[32] = "", away[48] = "";
    if (is_first && reader->facts.frame_rate > 0)
        snprintf(rate, sizeof rate, ", %.4g frames/s", reader->facts.frame_rate);
    if (is_first && reader->lost_ms > 0)
        snprintf(away, sizeof away, ", back after %.0f s", (app_now_ms() - reader->lost_ms) / 1e3);
    char *text = app_printf("%dx%d%s%s", pixels->width, pixels->height, rate, away);
    tell(reader, CAMERA_UP, text);
    free(text);
    reader->lost_ms = 0;
    reader->width = pixels->width;
    reader->height = pixels->height;
}

static void note_frame(struct camera_reader *reader, const octet_frame *pixels)
{
    const struct watch_settings *settings = &reader->watch->settings;
    const struct camera_numbers before = camera_counts_get(&reader->camera->counts);
    const bool is_new = before.state != CAMERA_UP; /* a film that begins anew is none */
    if (!reader->is_known) {
        reader->request->library->facts(reader->video, &reader->facts);
        reader->pace.speed = reader->facts.is_live ? 0 : settings->speed;
        reader->is_known = true;
    }
    if (is_new && before.results + before.received > 0)
        camera_counts_reconnected(&reader->camera->counts);
    const int size[2] = {pixels->width, pixels->height};
    camera_counts_received(&reader->camera->counts, size, app_now_ms());
    if (is_new || pixels->width != reader->width || pixels->height != reader->height)
        tell_size(reader, pixels, is_new);
}

/* They have numbers, too. */
static void note_missed(struct camera_reader *reader, uint64_t dropped)
{
    const uint64_t missed = dropped - reader->missed;
    if (!missed)
        return;
    camera_counts_missed(&reader->camera->counts, missed);
    reader->next_index += missed;
    reader->missed = dropped;
}

/* Takes over the frame. */
static void deliver(struct camera_reader *reader, struct video_frame *came)
{
    struct camera_counts *counts = &reader->camera->counts;
    struct desk_frame frame = {.video = *came, .release = reader->request->library->release};
    note_frame(reader, &came->pixels);
    note_missed(reader, came->dropped);
    frame.index = reader->next_index++;
    frame.seen_ms = pace_seen_ms(&reader->pace, came->time_s, app_now_ms());
    if (!pace_wants(&reader->pace, came->time_s)) {
        camera_counts_passed_over(counts);
        frame.release(came->held);
        return;
    }
    wait_until(reader, frame.seen_ms);
    if (is_ending(reader))
        frame.release(came->held);
    else if (desk_put(reader->watch->desk, reader->number, &frame))
        camera_counts_dropped(counts);
}

static enum outcome judge_end(const struct camera_reader *reader, char *message)
{
    const bool is_file = reader->request->kind == VIDEO_FILE;
    const uint64_t missing = is_file ? film_bytes_missing(reader->request->source) : 0;
    if (missing)
        snprintf(message, VIDEO_MESSAGE_BYTES, "cut short: %llu bytes of it are missing",
                 (unsigned long long)missing);
    else if (reader->is_known && !reader->facts.is_live)
        return OUTCOME_END;
    else
        snprintf(message, VIDEO_MESSAGE_BYTES, "%s",
                 reader->is_known ? "it ended" : "no frames in it");
    return is_file ? OUTCOME_USELESS : OUTCOME_LOST;
}

static enum outcome read_frames(struct camera_reader *reader, char *message)
{
    const bool is_file = reader->request->kind == VIDEO_FILE;
    const struct video_library *library = reader->request->library;
    double since_ms = app_now_ms();
    while (!is_ending(reader)) {
        struct video_frame came;
        switch (library->next(reader->video, SLICE_MS, &came, message)) {
        case VIDEO_FRAME:
            deliver(reader, &came);
            since_ms = app_now_ms();
            break;
        case VIDEO_END:
            return judge_end(reader, message);
        case VIDEO_FAILED:
            return is_file ? OUTCOME_USELESS : OUTCOME_LOST;
        case VIDEO_WAITING:
            if (app_now_ms() - since_ms < SILENCE_MS)
                break;
            snprintf(message, VIDEO_MESSAGE_BYTES, "nothing came for %.0f seconds",
                     SILENCE_MS / 1e3);
            return is_file ? OUTCOME_USELESS : OUTCOME_LOST;
        }
    }
    return OUTCOME_ENDING;
}

/* From opening it to its end. */
static enum outcome read_once(struct camera_reader *reader, char *message)
{
    const struct film_request *request = reader->request;
    reader->is_known = false;
    reader->missed = 0;
    pace_restart(&reader->pace);
    reader->video = request->library->open(request->kind, request->source, message);
    if (!reader->video)
        return request->kind == VIDEO_DEVICE ? OUTCOME_LOST : OUTCOME_USELESS;
    const enum outcome outcome = read_frames(reader, message);
    request->library->close(reader->video);
    reader->video = NULL;
    return outcome;
}

static void finish(struct camera_reader *reader, enum camera_state state, const char *message)
{
    camera_counts_state(&reader->camera->counts, state);
    tell(reader, state, message);
}

/* Says so the first time, and waits. */
static void back_off(struct camera_reader *reader, const char *message)
{
    const struct camera_numbers numbers = camera_counts_get(&reader->camera->counts);
    const double now_ms = app_now_ms();
    const bool was_steady = numbers.state == CAMERA_UP && now_ms - numbers.up_ms > STEADY_MS;
    const bool is_change = camera_counts_state(&reader->camera->counts, CAMERA_LOST) != CAMERA_LOST;
    if (was_steady || reader->back_off_ms <= 0)
        reader->back_off_ms = BACK_OFF_MS;
    if (is_change) {
        reader->lost_ms = now_ms;
        char *text = app_printf("%s; trying again", message);
        tell(reader, CAMERA_LOST, text);
        free(text);
    }
    const double spread = 0.9 + 0.2 * fmod((double)reader->number * GOLDEN, 1);
    wait_until(reader, now_ms + reader->back_off_ms * spread);
    reader->back_off_ms = fmin(2 * reader->back_off_ms, BACK_OFF_MOST_MS);
}

static void *run(void *user)
{
    struct camera_reader *reader = user;
    bool goes_on = true;
    while (goes_on && !is_ending(reader)) {
        char message[VIDEO_MESSAGE_BYTES] = "";
        const enum outcome outcome = read_once(reader, message);
        desk_drain(reader->watch->desk, reader->number); /* its last result comes before its end */
        char *clean = without_passwords(message);
        goes_on =
            outcome == OUTCOME_LOST || (outcome == OUTCOME_END && reader->watch->settings.loops);
        if (outcome == OUTCOME_LOST)
            back_off(reader, clean);
        else if (outcome == OUTCOME_USELESS)
            finish(reader, CAMERA_FAILED, clean);
        else if (outcome == OUTCOME_END && !goes_on)
            finish(reader, CAMERA_FINISHED, "the end of the film");
        free(clean);
    }
    atomic_store(&reader->is_over, true);
    return NULL;
}

struct camera_reader *camera_reader_start(struct watch *watch, size_t camera)
{
    struct camera_reader *reader = app_alloc(1, sizeof *reader);
    reader->watch = watch;
    reader->number = camera;
    reader->camera = &watch->cameras[camera];
    reader->request = camera_request(reader->camera->settings);
    reader->pace.fps = reader->camera->settings->fps;
    if (pthread_create(&reader->thread, NULL, run, reader) == 0)
        return reader;
    app_fail(watch->app, "%s: no thread can be made for it", reader->camera->settings->name);
    free(reader);
    return NULL;
}

bool camera_reader_is_over(const struct camera_reader *reader)
{
    return atomic_load(&reader->is_over);
}

void camera_reader_join(struct camera_reader **reader)
{
    if (!*reader)
        return;
    pthread_join((*reader)->thread, NULL);
    free(*reader);
    *reader = NULL;
}
