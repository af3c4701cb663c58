/* SPDX-License-Identifier: Apache-2.0 */
#include "pictures.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define WORKERS_MAX 4
#define CORES_A_WORKER 4

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
    bool stop;
    struct worker workers[WORKERS_MAX];
    size_t worker_count;
};

static struct picture decode(octet_context *context, const char *path)
{
    struct picture picture = {.path = path};
    double start_ms = app_now_ms();
    octet_status status = octet_image_load(context, path, &picture.image);
    picture.decode_ms = app_now_ms() - start_ms;
    picture.status = status;
    if (status != OCTET_OK) {
        const char *message = octet_context_message(context);
        picture.image = NULL;
        picture.message = message[0] ? app_strdup(message)
                                     : app_printf("%s: %s", path, octet_status_text(status));
    }
    return picture;
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct pictures *pictures = worker->pictures;
    pthread_mutex_lock(&pictures->mutex);
    for (;;) {
        while (!pictures->stop && pictures->next_decoded < pictures->sources->count &&
               pictures->next_decoded >= pictures->next_taken + pictures->ahead)
            pthread_cond_wait(&pictures->changed, &pictures->mutex);
        if (pictures->stop || pictures->next_decoded >= pictures->sources->count)
            break;
        size_t index = pictures->next_decoded++;
        pthread_mutex_unlock(&pictures->mutex);
        struct picture picture = decode(worker->context, pictures->sources->path[index]);
        pthread_mutex_lock(&pictures->mutex);
        pictures->slots[index % pictures->ahead] = (struct slot){picture, true};
        pthread_cond_broadcast(&pictures->changed);
    }
    pthread_mutex_unlock(&pictures->mutex);
    return NULL;
}

/* One thread for every few cores, so that decoding does not take them from the network. */
static size_t count_workers(const struct app *app)
{
    octet_machine machine;
    octet_machine_get(&machine);
    size_t cores = (size_t)(app->threads ? app->threads : machine.physical_cores);
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
    pthread_cond_init(&made->changed, NULL);
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
    *pictures = made;
    if (made->worker_count)
        return STATUS_DONE;
    pictures_close(pictures);
    return app_fail(app, "no thread could be started to read pictures");
}

bool pictures_next(struct pictures *pictures, struct picture *picture)
{
    if (pictures->next_taken >= pictures->sources->count)
        return false;
    struct slot *slot = &pictures->slots[pictures->next_taken % pictures->ahead];
    pthread_mutex_lock(&pictures->mutex);
    while (!slot->ready)
        pthread_cond_wait(&pictures->changed, &pictures->mutex);
    *picture = slot->picture;
    *slot = (struct slot){0};
    pictures->next_taken++;
    pthread_cond_broadcast(&pictures->changed);
    pthread_mutex_unlock(&pictures->mutex);
    return true;
}

void picture_free(struct picture *picture)
{
    octet_image_free(&picture->image);
    free(picture->message);
    *picture = (struct picture){0};
}

void pictures_close(struct pictures **pictures)
{
    struct pictures *closing = *pictures;
    if (!closing)
        return;
    pthread_mutex_lock(&closing->mutex);
    closing->stop = true;
    pthread_cond_broadcast(&closing->changed);
    pthread_mutex_unlock(&closing->mutex);
    for (size_t i = 0; i < closing->worker_count; i++)
        pthread_join(closing->workers[i].thread, NULL);
    for (size_t i = 0; i < closing->ahead; i++)
        picture_free(&closing->slots[i].picture);
    for (size_t i = 0; i < closing->worker_count; i++)
        octet_context_free(&closing->workers[i].context); /* after the pictures made from it */
    pthread_cond_destroy(&closing->changed);
    pthread_mutex_destroy(&closing->mutex);
    free(closing->slots);
    free(closing);
    *pictures = NULL;
}
