/* SPDX-License-Identifier: Apache-2.0 */
#include "pictures/pictures.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pictures/picture_stream.h"

#define WORKERS_MAX 4
#define CORES_A_WORKER 4
#define SLICE_MS 50 /* so often one who waits looks for a signal */
#define PATIENCE_MS 300.0

struct slot {
    struct picture picture;
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
    struct slot *slots; /* picture i lies in slot i % ahead */
    size_t ahead, next_decoded, next_taken;
    size_t next_source, next_stream; /* in the list, and in its streams */
    struct picture_stream stream;    /* of the source that is next, when that is one */
    bool reading;                    /* a worker reads from it; the others wait */
    bool stop;
    struct worker workers[WORKERS_MAX];
    size_t worker_count, running;
};

/* What a worker does next. */
struct job {
    size_t index; /* of the picture */
    struct picture picture;
    bool streamed;
    struct streamed encoded;
};

static bool is_stream(const struct pictures *pictures)
{
    const struct sources *sources = pictures->sources;
    return pictures->next_stream < sources->stream_count &&
           sources->streams[pictures->next_stream].source == pictures->next_source;
}

/* The next picture of the stream, read without the lock, which the caller holds. False when there
 * is none: the source after it is next. */
static bool take_from_stream(struct pictures *pictures, octet_context *context, struct job *job)
{
    const struct source_stream *source = &pictures->sources->streams[pictures->next_stream];
    struct picture_stream *stream = &pictures->stream;
    if (!stream->path)
        picture_stream_open(stream, pictures->sources->path[source->source],
                            source->standard_input);
    pictures->reading = true;
    pthread_mutex_unlock(&pictures->mutex);
    const bool taken = picture_stream_next(stream, context, &job->encoded);
    pthread_mutex_lock(&pictures->mutex);
    pictures->reading = false;
    pthread_cond_broadcast(&pictures->changed);
    if (taken) {
        job->streamed = true;
        job->picture = (struct picture){.name = job->encoded.name,
                                        .source = pictures->next_source,
                                        .streamed = true,
                                        .number = stream->number - 1};
        return true;
    }
    picture_stream_close(stream);
    pictures->next_stream++;
    pictures->next_source++;
    return false;
}

/* Waits until there is room for another picture; false when there are no more. The caller holds the
 * lock. */
static bool take_job(struct pictures *pictures, octet_context *context, struct job *job)
{
    *job = (struct job){.streamed = false};
    while (!pictures->stop && pictures->next_source < pictures->sources->count) {
        if (pictures->reading || pictures->next_decoded >= pictures->next_taken + pictures->ahead) {
            pthread_cond_wait(&pictures->changed, &pictures->mutex);
            continue;
        }
        if (is_stream(pictures)) {
            if (!take_from_stream(pictures, context, job))
                continue;
        } else {
            const size_t source = pictures->next_source++;
            job->picture = (struct picture){.name = app_strdup(pictures->sources->path[source]),
                                            .source = source};
        }
        job->index = pictures->next_decoded++;
        return true;
    }
    return false;
}

static void decode(octet_context *context, struct job *job)
{
    struct picture *picture = &job->picture;
    const struct streamed *encoded = &job->encoded;
    const double start_ms = app_now_ms();
    if (job->streamed && !encoded->bytes) {
        picture->status = OCTET_FILE_READ;
        picture->message = encoded->message;
        return;
    }
    octet_status status = job->streamed ? octet_image_decode(context, encoded->bytes, encoded->size,
                                                             picture->name, &picture->image)
                                        : octet_image_load(context, picture->name, &picture->image);
    free(encoded->bytes);
    picture->decode_ms = app_now_ms() - start_ms;
    picture->status = status;
    if (status == OCTET_OK)
        return;
    const char *message = octet_context_message(context);
    picture->image = NULL;
    if (!message[0])
        picture->message = app_printf("%s: %s", picture->name, octet_status_text(status));
    else if (encoded->more_lost)
        picture->message = app_printf("%s; what follows it is not read", message);
    else
        picture->message = app_strdup(message);
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
        pictures->slots[job.index % pictures->ahead] = (struct slot){job.picture, true};
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

int pictures_open(struct app *app, const struct sources *sources, size_t ahead,
                  struct pictures **pictures)
{
    struct pictures *made = app_alloc(1, sizeof *made);
    made->sources = sources;
    const size_t workers = count_workers(app);
    ahead += workers - 1;
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

bool pictures_next(struct pictures *pictures, struct picture *picture)
{
    pthread_mutex_lock(&pictures->mutex);
    struct slot *slot = &pictures->slots[pictures->next_taken % pictures->ahead];
    while (!slot->ready && !is_over(pictures) && !app_interrupted())
        wait_briefly(pictures);
    const bool taken = slot->ready;
    if (taken) {
        *picture = slot->picture;
        *slot = (struct slot){0};
        pictures->next_taken++;
        pthread_cond_broadcast(&pictures->changed);
    }
    pthread_mutex_unlock(&pictures->mutex);
    return taken;
}

void picture_free(struct picture *picture)
{
    octet_image_free(&picture->image);
    free(picture->name);
    free(picture->message);
    *picture = (struct picture){0};
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
        picture_free(&closing->slots[i].picture);
    for (size_t i = 0; i < closing->worker_count; i++)
        octet_context_free(&closing->workers[i].context); /* after the pictures made from it */
    picture_stream_close(&closing->stream);
    pthread_cond_destroy(&closing->changed);
    pthread_mutex_destroy(&closing->mutex);
    free(closing->slots);
    free(closing);
}
