/* SPDX-License-Identifier: Apache-2.0 */
/* The stand-in's state: what lives, what fails, and the table by which tests steer it. */
#include "driver_objects.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct stand_in_state stand_in;
_Thread_local struct stand_in_thread stand_in_thread;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

int stand_in_lock(void)
{
    return pthread_mutex_lock(&mutex);
}

void stand_in_unlock(const int *lock)
{
    (void)lock;
    pthread_mutex_unlock(&mutex);
}

int begin_call(const char *name)
{
    const int at = stand_in.calls++ - stand_in.fail_at;
    if (stand_in.fail_at >= 0 && (at == 0 || (at > 0 && stand_in.fails_for_good))) {
        if (at == 0)
            stand_in.failed_call = name;
        return stand_in.fail_result;
    }
    return stand_in.lost;
}

int begin_in_context(const char *name)
{
    const int result = begin_call(name);
    if (stand_in_thread.depth == 0)
        return complain(RESULT_INVALID_CONTEXT, "%s: no context is current", name);
    return result;
}

const struct stand_in_gpu *current_gpu(void)
{
    return &stand_in.gpus[stand_in_thread.stack[stand_in_thread.depth - 1] - stand_in.contexts];
}

/* ---- handles ---- */

void *add_object(enum object_kind kind, size_t size)
{
    struct object *object = calloc(1, size);
    if (!object)
        return NULL;
    *object = (struct object){kind, stand_in.objects};
    stand_in.objects = object;
    return object;
}

bool is_object(const void *handle, enum object_kind kind, const char *call)
{
    for (const struct object *o = stand_in.objects; o; o = o->next)
        if (o == handle && o->kind == kind)
            return true;
    complain(RESULT_INVALID_HANDLE, "%s: not a handle that lives", call);
    return false;
}

static void free_object(struct object *object)
{
    if (object->kind == OBJECT_STREAM)
        forget_tasks((struct oct_cuda_stream *)object);
    if (object->kind == OBJECT_GRAPH)
        free(((struct oct_cuda_graph *)object)->nodes);
    if (object->kind == OBJECT_EXECUTABLE)
        free(((struct oct_cuda_executable *)object)->nodes);
    free(object);
}

void remove_object(void *object)
{
    struct object **at = &stand_in.objects;
    while (*at != object)
        at = &(*at)->next;
    *at = (*at)->next;
    free_object(object);
}

int destroy_object(void *handle, enum object_kind kind, const char *call)
{
    const int result = begin_in_context(call);
    if (!is_object(handle, kind, call))
        return RESULT_INVALID_HANDLE;
    drain_all();
    remove_object(handle);
    return result;
}

int count_objects(enum object_kind kind)
{
    int count = 0;
    for (const struct object *o = stand_in.objects; o; o = o->next)
        count += o->kind == kind;
    return count;
}

int remove_all_objects(void)
{
    int count = 0;
    while (stand_in.objects) {
        struct object *object = stand_in.objects;
        stand_in.objects = object->next;
        count += object->kind != OBJECT_FUNCTION && (void *)object != stand_in.null_stream;
        free_object(object);
    }
    stand_in.null_stream = NULL;
    return count;
}

/* ---- the table ---- */

static void reset(void)
{
    const struct stand_in_gpu orin = {"Orin", 8, 7, 8, 166912, 167936, (size_t)8 << 30, true};
    remove_all_objects();
    memory_release_all();
    stand_in = (struct stand_in_state){
        .gpu_count = 1, .gpus = {orin, orin}, .version = 12020, .fail_at = -1, .failed_call = ""};
    stand_in_thread.depth = 0;
    forget_complaint();
    random_seed(1);
}

static void set_gpus(int count, const struct stand_in_gpu *gpus)
{
    stand_in.gpu_count = count;
    for (int i = 0; i < count; i++)
        stand_in.gpus[i] = gpus[i];
}

static void set_version(int version)
{
    stand_in.version = version;
}

static void fail_call(int call, int result, bool for_good)
{
    stand_in.fail_at = call < 0 ? -1 : stand_in.calls + call;
    stand_in.fail_result = result;
    stand_in.fails_for_good = for_good;
    stand_in.failed_call = "";
}

static int count_overlaps(void)
{
    int count = 0;
    for (const struct object *o = stand_in.objects; o; o = o->next)
        if (o->kind == OBJECT_GRAPH)
            count += ((const struct oct_cuda_graph *)o)->overlaps;
    return count;
}

static void get_counts(struct stand_in_counts *counts)
{
    *counts = (struct stand_in_counts){
        .calls = stand_in.calls,
        .launches = stand_in.launches,
        .copies_in = stand_in.copies_in,
        .bytes_in = stand_in.bytes_in,
        .allocations = memory_count() - stand_in.host_allocations,
        .host_allocations = stand_in.host_allocations,
        .modules = count_objects(OBJECT_MODULE),
        .streams = count_objects(OBJECT_STREAM) - (stand_in.null_stream != NULL),
        .events = count_objects(OBJECT_EVENT),
        .graphs = count_objects(OBJECT_GRAPH),
        .executables = count_objects(OBJECT_EXECUTABLE),
        .overlaps = count_overlaps(),
        .retained = stand_in.contexts[0].retained + stand_in.contexts[1].retained,
        .depth = stand_in_thread.depth,
        .leaked = stand_in.leaked,
    };
}

static const char *failed_call(void)
{
    return stand_in.failed_call;
}

__attribute__((visibility("default"))) extern const struct stand_in_driver stand_in_driver;

const struct stand_in_driver stand_in_driver = {
    .reset = reset,
    .set_gpus = set_gpus,
    .set_version = set_version,
    .fail_call = fail_call,
    .set_seed = random_seed,
    .get_counts = get_counts,
    .complaint = first_complaint,
    .failed_call = failed_call,
};

/* Loaded by a program that knows nothing of it, it works as well. */
__attribute__((constructor)) static void set_up(void)
{
    reset();
}
