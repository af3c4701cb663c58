/* SPDX-License-Identifier: Apache-2.0 */
/* Takes frames out of films: which ones, how long to wait for them, and what to say at the end. */
#include "pictures/film_frames.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/address.h"
#include "app/allocate.h"
#include "app/clock.h"
#include "app/signals.h"
#include "video/film_bytes.h"

#define SLICE_MS 50       /* so often one who waits looks for a signal */
#define PATIENCE_MS 10e3  /* for a source that gives nothing */
#define PASSED_OVER_S 4.0 /* so much is decoded rather than looked for */
#define EARLY_SHARE 0.5   /* of a frame: so much before its time a frame is the one */

struct film {
    const struct film_request *request;
    const char *path; /* what people call it */
    struct video_reader *reader;
    struct video_facts facts;
    size_t next_index; /* of the frame that comes next */
    size_t taken;      /* frames that were handed out */
    double sought_s;   /* the time that was looked for last; below 0: none */
    bool is_known;     /* facts */
    bool is_over;
};

static void *open_film(const char *path, const void *settings)
{
    struct film *film = app_alloc(1, sizeof *film);
    *film = (struct film){.request = settings, .path = path, .sought_s = -1};
    return film;
}

/* A frame that tells of the source as a whole that it failed. */
static bool fail(struct film *film, struct frame *frame, const char *message)
{
    char *clean = without_passwords(message);
    film->is_over = true;
    frame->label = app_strdup(film->path);
    frame->status = OCTET_FILE_READ;
    frame->message = app_printf("%s: %s", film->path, clean);
    frame->is_whole_source = true;
    free(clean);
    return true;
}

/* What is missing of a file says more than what the reader stumbled over. */
static bool fail_reading(struct film *film, struct frame *frame, const char *message)
{
    char text[VIDEO_MESSAGE_BYTES];
    const uint64_t missing =
        film->request->kind == VIDEO_FILE ? film_bytes_missing(film->request->source) : 0;
    if (!missing)
        return fail(film, frame, message);
    snprintf(text, sizeof text, "cut short: %llu bytes of it are missing%s",
             (unsigned long long)missing, film->is_known ? "; the frames before were read" : "");
    return fail(film, frame, text);
}

static bool end(struct film *film, struct frame *frame)
{
    film->is_over = true;
    if (!film->is_known)
        return fail_reading(film, frame, "no frames in it");
    if (film->request->kind == VIDEO_FILE && !film->request->picks &&
        film_bytes_missing(film->request->source))
        return fail_reading(film, frame, "");
    return false;
}

/* The time of the next pick: the middle of its share of the film. */
static double pick_time(const struct film *film)
{
    return ((double)film->taken + 0.5) * film->facts.duration_s / (double)film->request->picks;
}

static bool picks_by_time(const struct film *film)
{
    return film->request->picks && film->facts.duration_s > 0;
}

/* Whether the frame is one of those that were asked for; looks for the next one in the film where
 * that is far away. */
static bool is_wanted(struct film *film, double time_s, size_t index)
{
    const double rate = film->facts.frame_rate > 0 ? film->facts.frame_rate : 25;
    if (!picks_by_time(film))
        return index % film->request->every == 0;
    const double wanted_s = pick_time(film), away_s = wanted_s - time_s;
    if (away_s <= EARLY_SHARE / rate)
        return true;
    if (away_s > PASSED_OVER_S && film->facts.can_seek && film->sought_s < wanted_s) {
        film->sought_s = wanted_s;
        film->request->library->seek(film->reader, wanted_s);
    }
    return false;
}

static size_t expected_frames(const struct film *film)
{
    const struct film_request *request = film->request;
    if (request->picks)
        return request->picks;
    const size_t all = (size_t)llround(film->facts.duration_s * film->facts.frame_rate);
    return (all + request->every - 1) / request->every;
}

/* The frame that came, or false where it is passed over. */
static bool deliver(struct film *film, struct video_frame *came, struct frame *frame)
{
    if (!film->is_known)
        film->request->library->facts(film->reader, &film->facts);
    film->is_known = true;
    if (film->sought_s >= 0) /* what lies between was not counted */
        film->next_index = (size_t)llround(came->time_s * film->facts.frame_rate);
    const size_t index = film->next_index++;
    if (!is_wanted(film, came->time_s, index)) {
        film->request->library->release(came->held);
        return false;
    }
    film->taken++;
    frame->label = app_printf("%s:%zu", film->path, index);
    frame->index = index;
    frame->time_s = came->time_s;
    frame->dropped = came->dropped;
    frame->is_film = true;
    frame->is_live = film->facts.is_live;
    frame->frame_rate = film->facts.frame_rate / (double)film->request->every;
    frame->expected = expected_frames(film);
    frame->planes = came->pixels;
    frame->held = came->held;
    frame->release = film->request->library->release;
    return true;
}

static bool take(void *reader, octet_context *context, struct frame *frame, void **encoded)
{
    struct film *film = reader;
    const struct film_request *request = film->request;
    char message[VIDEO_MESSAGE_BYTES] = "";
    struct video_frame came;
    (void)context;
    (void)encoded;
    if (film->is_over || (request->picks && film->taken >= request->picks))
        return false;
    if (!film->reader)
        film->reader = request->library->open(request->kind, request->source, message);
    if (!film->reader)
        return fail_reading(film, frame, message);
    const double start_ms = app_now_ms();
    for (double since_ms = start_ms; !app_interrupted();) {
        const enum video_result result =
            request->library->next(film->reader, SLICE_MS, &came, message);
        if (result == VIDEO_FAILED)
            return fail_reading(film, frame, message);
        if (result == VIDEO_END)
            return end(film, frame);
        if (result == VIDEO_FRAME) {
            since_ms = app_now_ms();
            if (!deliver(film, &came, frame))
                continue;
            frame->decode_ms = film->facts.is_live ? 0 : since_ms - start_ms;
            return true;
        }
        if (app_now_ms() - since_ms > PATIENCE_MS)
            return fail_reading(film, frame,
                                film->is_known ? "nothing came any more for 10 seconds"
                                               : "nothing came in 10 seconds");
    }
    return false;
}

/* Planes become a picture where nobody takes planes. */
static void decode(octet_context *context, struct frame *frame, void *encoded)
{
    (void)encoded;
    if (frame->held && !frame->keep_planes)
        frame_make_image(context, frame);
}

static void close_film(void *reader)
{
    struct film *film = reader;
    if (film->reader)
        film->request->library->close(film->reader);
    free(film);
}

const struct frame_kind film_frames = {
    .many = true, .open = open_film, .take = take, .decode = decode, .close = close_film};

size_t film_count_frames(const struct film_request *request)
{
    struct film_request all = *request;
    all.every = 1;
    all.picks = 0;
    struct film *film = open_film("", &all);
    struct frame frame = {0};
    void *encoded = NULL;
    size_t count = 0;
    if (!film_is_live(request) && take(film, NULL, &frame, &encoded) && film->is_known)
        count = frame.expected;
    frame_free(&frame);
    close_film(film);
    return count;
}

void film_request_free(struct film_request *request)
{
    if (request)
        free(request->source);
    free(request);
}

bool film_is_live(const struct film_request *request)
{
    return request->kind == VIDEO_DEVICE || request->kind == VIDEO_PIPELINE ||
           (request->kind == VIDEO_ADDRESS && strncmp(request->source, "http", 4) != 0 &&
            strncmp(request->source, "file", 4) != 0);
}
