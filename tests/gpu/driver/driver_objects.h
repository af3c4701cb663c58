/* SPDX-License-Identifier: Apache-2.0 */
/* What the stand-in's calls share: devices, contexts, handles, and the count of calls. */
#ifndef OCTET_TESTS_GPU_DRIVER_DRIVER_OBJECTS_H
#define OCTET_TESTS_GPU_DRIVER_DRIVER_OBJECTS_H

#include "emulation.h"
#include "gpu/support/stand_in_driver.h"
#include "runtime/backend/cuda/driver.h"

/* The functions under the driver's names, by which they are found: call_init is cuInit. */
#define CALL_DECLARED(member, symbol, parameters)                                                  \
    __attribute__((visibility("default"))) oct_cuda_result call_##member parameters __asm__(symbol);
OCT_CUDA_FUNCTIONS(CALL_DECLARED)
OCT_CUDA_NEWER_FUNCTIONS(CALL_DECLARED)
#undef CALL_DECLARED

#define PARAMETER_BYTES_MAX 1024
#define WAITS_MAX 64

enum object_kind {
    OBJECT_MODULE,
    OBJECT_FUNCTION,
    OBJECT_STREAM,
    OBJECT_EVENT,
    OBJECT_GRAPH,
    OBJECT_EXECUTABLE,
    OBJECT_KINDS
};

/* What every handle points to; all are in one list. */
struct object {
    enum object_kind kind;
    struct object *next;
};

struct oct_cuda_context {
    int retained;
};

struct oct_cuda_module {
    struct object object;
    const char *name;
};

struct oct_cuda_function {
    struct object object;
    const struct oct_cuda_module *module;
    const struct emulated_kernel *kernel;
    int shared_bytes; /* dynamic ones that may be asked for */
};

struct oct_cuda_event {
    struct object object;
    bool is_recorded;
    double ms;
};

/* A launch with a copy of its parameters. */
struct launch {
    const struct emulated_kernel *kernel;
    struct emulated_launch shape;
    _Alignas(16) unsigned char parameters[PARAMETER_BYTES_MAX];
};

/* A launch, or an event that is recorded. Its handle is its number in the graph, and one: handles
 * are not NULL. */
struct node {
    struct launch launch;
    struct oct_cuda_event *event;
    int wait_count, waits[WAITS_MAX];
};

struct oct_cuda_graph {
    struct object object;
    int count, overlaps; /* nodes; dependencies of kernels that overlap */
    struct node *nodes;
};

struct oct_cuda_executable {
    struct object object;
    int count;
    struct node *nodes;
};

/* One thing that a stream will do. */
struct task {
    enum {
        TASK_COPY_IN,
        TASK_COPY_ROWS,
        TASK_COPY_OUT,
        TASK_FILL,
        TASK_LAUNCH,
        TASK_GRAPH,
        TASK_EVENT
    } kind;
    uint64_t address;
    void *host;
    size_t bytes;
    unsigned char value;
    struct oct_cuda_copy_rows rows;
    struct launch launch;
    struct oct_cuda_executable *executable;
    struct oct_cuda_event *event;
    struct task *next;
};

struct oct_cuda_stream {
    struct object object;
    struct task *first, **last;
};

/* ---- objects.c ---- */

struct stand_in_state {
    int gpu_count;
    struct stand_in_gpu gpus[STAND_IN_GPUS_MAX];
    struct oct_cuda_context contexts[STAND_IN_GPUS_MAX];
    int version;
    bool is_started;
    int calls, fail_at, fail_result;
    bool fails_for_good;
    int lost; /* the result of a kernel's failure, which every later call has */
    const char *failed_call;
    int host_allocations, launches, copies_in, leaked;
    size_t bytes_in;
    struct object *objects;
    struct oct_cuda_stream *null_stream;
};
extern struct stand_in_state stand_in;

/* Contexts that are current: each thread's own. */
struct stand_in_thread {
    int depth;
    oct_cuda_context stack[16];
};
extern _Thread_local struct stand_in_thread stand_in_thread;

/* The first line of every call: those of other threads wait. */
int stand_in_lock(void);
void stand_in_unlock(const int *lock);
#define ONE_AT_A_TIME                                                                              \
    __attribute__((unused, cleanup(stand_in_unlock))) const int lock = stand_in_lock()

/* Begins a call: 0, or the result that it has at once. What gives something back does so all the
 * same. */
int begin_call(const char *name);
/* The same, of calls that work on the current context. */
int begin_in_context(const char *name);
const struct stand_in_gpu *current_gpu(void);

void *add_object(enum object_kind kind, size_t size);
/* Whether a handle is one of those that live; complains. */
bool is_object(const void *handle, enum object_kind kind, const char *call);
void remove_object(void *object);
/* The calls that destroy one, once all that was launched is done. */
int destroy_object(void *handle, enum object_kind kind, const char *call);
int count_objects(enum object_kind kind);
/* All there is of the context that ends. */
int remove_all_objects(void);

/* ---- streams.c, graphs.c ---- */

/* Does what the stream has to do: 0, or why it failed, which is the context's end. */
int drain_stream(struct oct_cuda_stream *stream);
/* The same of all streams. */
int drain_all(void);
void forget_tasks(struct oct_cuda_stream *stream);
int check_launch(const struct oct_cuda_function *function, const unsigned grid[3],
                 const unsigned block[3], unsigned shared_bytes, void **parameters,
                 struct launch *launch);
int run_launch(struct launch *launch);
/* Lets its time pass. */
void skip_launch(const struct launch *launch);
int run_graph(struct oct_cuda_executable *executable);
void record_now(struct oct_cuda_event *event);
int queue_graph(struct oct_cuda_executable *executable, struct oct_cuda_stream *stream);

#endif
