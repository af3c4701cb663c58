/* SPDX-License-Identifier: Apache-2.0 */
/* Reads frames ahead: whose turn it is to take or to decode one, and how all that ends. */
#include "pictures/pictures.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "pictures/picture_file.h"

#define WORKERS_MAX 4
#define CORES_A_WORKER 4  /* one thread decodes what the network of so many cores takes */
#define SLICE_MS 50       /* so often one who waits looks for a signal */
#define PATIENCE_MS 300.0 /* for a thread that waits for its input */

struct slot {
    struct frame frame;
    bool ready;
};

struct worker {
    struct pictures *pictures;
    octet_context *context; /* a context belongs to one thread */
    pthread_t thread;
};

struct pictures {
    const struct sources *sources;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct slot *slots; /* frame i lies in slot i % ahead */
    size_t ahead, next_decoded, next_taken;
    size_t next_source, next_stream; /* in the list, and in its streams */
    void *reader;                    /* of the source that is next; NULL: not open */
    bool reading;                    /* a worker takes a frame from it; the others wait */
    bool keep_planes, stop;
    struct worker workers[WORKERS_MAX];
    size_t worker_count, running;
};

/* What a worker does next. */
struct job {
    size_t index; /* of the frame */
    const struct frame_kind *kind;
    struct frame frame;
    void *encoded;
};

static const struct frame_kind *next_kind(const struct pictures *pictures, const void **settings)
{
    const struct sources *sources = pictures->sources;
    const bool left = pictures->next_stream < sources->stream_count;
    const struct source_stream *stream = left ? &sources->streams[pictures->next_stream] : NULL;
    const bool is_stream = stream && stream->source == pictures->next_source;
    *settings = is_stream ? stream->film : NULL;
    return is_stream ? stream->kind : &picture_file;
}

static void close_reader(struct pictures *pictures)
{
    const void *settings;
    if (pictures->reader)
        next_kind(pictures, &settings)->close(pictures->reader);
    pictures->reader = NULL;
}

/* The next frame of the source that is next, taken without the lock, which the caller holds. False
 * when there is none: the source after it is next. */
static bool take_frame(struct pictures *pictures, octet_context *context, struct job *job)
{
    const void *settings;
    const struct frame_kind *kind = next_kind(pictures, &settings);
    *job = (struct job){.kind = kind,
                        .frame = {.source = pictures->next_source,
                                  .streamed = kind->many,
                                  .keep_planes = pictures->keep_planes,
                                  .time_s = NAN}};
    if (!pictures->reader)
        pictures->reader = kind->open(pictures->sources->path[pictures->next_source], settings);
    pictures->reading = true;
    pthread_mutex_unlock(&pictures->mutex);
    const bool taken = kind->take(pictures->reader, context, &job->frame, &job->encoded);
    pthread_mutex_lock(&pictures->mutex);
    pictures->reading = false;
    pthread_cond_broadcast(&pictures->changed);
    if (taken && kind->many)
        return true;
    close_reader(pictures);
    pictures->next_stream += kind->many;
    pictures->next_source++;
    return taken;
}

/* Waits until there is room for another frame; false when there are no more. The caller holds the
 * lock. */
static bool take_job(struct pictures *pictures, octet_context *context, struct job *job)
{
    while (!pictures->stop && pictures->next_source < pictures->sources->count) {
        if (pictures->reading || pictures->next_decoded >= pictures->next_taken + pictures->ahead) {
            pthread_cond_wait(&pictures->changed, &pictures->mutex);
            continue;
        }
        if (!take_frame(pictures, context, job))
            continue;
        job->index = pictures->next_decoded++;
        return true;
    }
    return false;
}

static void decode(octet_context *context, struct job *job)
{
    const double start_ms = app_now_ms();
    job->kind->decode(context, &job->frame, job->encoded);
    job->frame.decode_ms += app_now_ms() - start_ms;
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct pictures *pictures = worker->pictures;
    struct job job;
    pthread_mutex_lock(&pictures->mutex);
    while (take_job(pictures, worker->context, &job)) {
        pthread_mutex_unlock(&pictures->mutex);
        decode(worker->context, &job);
        pthread_mutex_lock(&pictures->mutex);
        pictures->slots[job.index % pictures->ahead] = (struct slot){job.frame, true};
        pthread_cond_broadcast(&pictures->changed);
    }
    pictures->running--;
    pthread_cond_broadcast(&pictures->changed);
    pthread_mutex_unlock(&pictures->mutex);
    return NULL;
}

/* A condition whose waits are timed by a clock that only goes forward. */
static void condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

/* Waits for a change, a short while at most. */
static void wait_briefly(struct pictures *pictures)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += SLICE_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_cond_timedwait(&pictures->changed, &pictures->mutex, &until);
}

/* One thread for every few cores, so that decoding does not take them from the network. */
static size_t count_workers(const struct app *app)
{
    octet_machine machine;
    octet_machine_get(&machine);
    size_t cores = (size_t)(app->threads ? app->threads : machine.threads);
    size_t count = cores / CORES_A_WORKER;
    return count < 1 ? 1 : count > WORKERS_MAX ? WORKERS_MAX : count;
}

int pictures_open(struct app *app, const struct sources *sources, struct pictures_settings settings,
                  struct pictures **pictures)
{
    struct pictures *made = app_alloc(1, sizeof *made);
    made->sources = sources;
    made->keep_planes = settings.keep_planes;
    const size_t workers = count_workers(app);
    const size_t ahead = settings.ahead + workers - 1;
    made->ahead = ahead;
    made->slots = app_alloc(ahead, sizeof *made->slots);
    pthread_mutex_init(&made->mutex, NULL);
    condition_init(&made->changed);
    pthread_mutex_lock(&made->mutex); /* nobody works before all are counted */
    for (size_t i = 0; i < workers; i++) {
        struct worker *worker = &made->workers[made->worker_count];
        worker->pictures = made;
        if (octet_context_create(NULL, &worker->context) != OCTET_OK)
            break;
        if (pthread_create(&worker->thread, NULL, work, worker) != 0) {
            octet_context_free(&worker->context);
            break;
        }
        made->worker_count++;
    }
    made->running = made->worker_count;
    pthread_mutex_unlock(&made->mutex);
    *pictures = made;
    if (made->worker_count)
        return STATUS_DONE;
    pictures_close(pictures);
    return app_fail(app, "no thread could be started to read pictures");
}

static bool is_over(const struct pictures *pictures)
{
    return pictures->next_source >= pictures->sources->count && !pictures->reading &&
           pictures->next_taken == pictures->next_decoded;
}

bool pictures_next(struct pictures *pictures, struct frame *frame)
{
    pthread_mutex_lock(&pictures->mutex);
    struct slot *slot = &pictures->slots[pictures->next_taken % pictures->ahead];
    while (!slot->ready && !is_over(pictures) && !app_interrupted())
        wait_briefly(pictures);
    const bool taken = slot->ready;
    if (taken) {
        *frame = slot->frame;
        *slot = (struct slot){0};
        pictures->next_taken++;
        pthread_cond_broadcast(&pictures->changed);
    }
    pthread_mutex_unlock(&pictures->mutex);
    return taken;
}

/* Tells the workers to stop and waits for them; false when one does not come back from its input,
 * and the verb ends anyway. */
static bool stop_workers(struct pictures *pictures)
{
    double waited_since_ms = -1;
    bool blocked = false;
    pthread_mutex_lock(&pictures->mutex);
    pictures->stop = true;
    pthread_cond_broadcast(&pictures->changed);
    while (pictures->running && !blocked) {
        wait_briefly(pictures);
        if (!app_interrupted() && !pictures->reading)
            continue;
        if (waited_since_ms < 0)
            waited_since_ms = app_now_ms();
        blocked = app_now_ms() - waited_since_ms > PATIENCE_MS;
    }
    blocked = pictures->running > 0;
    pthread_mutex_unlock(&pictures->mutex);
    return !blocked;
}

void pictures_close(struct pictures **pictures)
{
    struct pictures *closing = *pictures;
    *pictures = NULL;
    if (!closing || !stop_workers(closing)) /* what the blocked one uses must stay */
        return;
    for (size_t i = 0; i < closing->worker_count; i++)
        pthread_join(closing->workers[i].thread, NULL);
    for (size_t i = 0; i < closing->ahead; i++)
        frame_free(&closing->slots[i].frame);
    for (size_t i = 0; i < closing->worker_count; i++)
        octet_context_free(&closing->workers[i].context); /* after the pictures made from it */
    close_reader(closing);
    pthread_cond_destroy(&closing->changed);
    pthread_mutex_destroy(&closing->mutex);
    free(closing->slots);
    free(closing);
}
