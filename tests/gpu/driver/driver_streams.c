/* SPDX-License-Identifier: Apache-2.0 */
/* Streams, which put off all work until somebody waits for it; events; launches. */
#include <stdlib.h>
#include <string.h>

#include "driver_objects.h"

#define THREADS_MAX 1024
#define MS_A_BLOCK 0.001

static double clock_ms;

/* ---- tasks ---- */

/* The stream that stands for NULL, which other streams do not wait for when they are
 * "non-blocking". */
static struct oct_cuda_stream *resolve(struct oct_cuda_stream *stream, const char *call)
{
    if (stream)
        return is_object(stream, OBJECT_STREAM, call) ? stream : NULL;
    if (!stand_in.null_stream) {
        stand_in.null_stream = add_object(OBJECT_STREAM, sizeof *stream);
        if (stand_in.null_stream)
            stand_in.null_stream->last = &stand_in.null_stream->first;
    }
    return stand_in.null_stream;
}

/* Appends a task; NULL is refused. */
static int add_task(struct oct_cuda_stream *stream, const struct task *task, const char *call)
{
    struct oct_cuda_stream *to = resolve(stream, call);
    struct task *copy = to ? malloc(sizeof *copy) : NULL;
    if (!copy)
        return to ? RESULT_OUT_OF_MEMORY : RESULT_INVALID_HANDLE;
    *copy = *task;
    copy->next = NULL;
    *to->last = copy;
    to->last = &copy->next;
    return 0;
}

void forget_tasks(struct oct_cuda_stream *stream)
{
    while (stream->first) {
        struct task *task = stream->first;
        stream->first = task->next;
        free(task);
    }
    stream->last = &stream->first;
}

void record_now(struct oct_cuda_event *event)
{
    event->is_recorded = true;
    event->ms = clock_ms;
}

static int copy_rows(const struct oct_cuda_copy_rows *rows)
{
    const size_t bytes = rows->to_pitch * (rows->rows - 1) + rows->row_bytes;
    if (!memory_holds(rows->to_device, bytes))
        return complain(RESULT_ILLEGAL_ADDRESS, "%zu rows of %zu bytes are copied beyond memory",
                        rows->rows, rows->row_bytes);
    for (size_t y = 0; y < rows->rows; y++)
        memcpy((char *)(uintptr_t)rows->to_device + y * rows->to_pitch,
               (const char *)rows->from_host + y * rows->from_pitch, rows->row_bytes);
    return 0;
}

static int run_task(struct task *task)
{
    void *device = (void *)(uintptr_t)task->address;
    switch (task->kind) {
    case TASK_COPY_IN:
    case TASK_COPY_OUT:
    case TASK_FILL:
        if (!memory_holds(task->address, task->bytes))
            return complain(RESULT_ILLEGAL_ADDRESS, "%zu bytes are copied or filled beyond memory",
                            task->bytes);
        if (task->kind == TASK_COPY_IN)
            memcpy(device, task->host, task->bytes);
        else if (task->kind == TASK_COPY_OUT)
            memcpy(task->host, device, task->bytes);
        else
            memset(device, task->value, task->bytes);
        return 0;
    case TASK_COPY_ROWS:
        return copy_rows(&task->rows);
    case TASK_LAUNCH:
        return run_launch(&task->launch);
    case TASK_GRAPH:
        return run_graph(task->executable);
    case TASK_EVENT:
        record_now(task->event);
        return 0;
    }
    return 0;
}

int drain_stream(struct oct_cuda_stream *stream)
{
    while (stream->first) {
        struct task *task = stream->first;
        stream->first = task->next;
        if (!stream->first)
            stream->last = &stream->first;
        if (!stand_in.lost)
            stand_in.lost = run_task(task);
        free(task);
    }
    return stand_in.lost;
}

int drain_all(void)
{
    for (struct object *o = stand_in.objects; o; o = o->next)
        if (o->kind == OBJECT_STREAM)
            drain_stream((struct oct_cuda_stream *)o);
    return stand_in.lost;
}

/* ---- copies ---- */

oct_cuda_result call_fill(oct_cuda_address to, unsigned char value, size_t bytes,
                          oct_cuda_stream stream)
{
    ONE_AT_A_TIME;
    const int result = begin_in_context("cuMemsetD8Async");
    if (result)
        return result;
    return add_task(
        stream, &(struct task){.kind = TASK_FILL, .address = to, .bytes = bytes, .value = value},
        "cuMemsetD8Async");
}

oct_cuda_result call_copy_in(oct_cuda_address to, const void *from, size_t bytes,
                             oct_cuda_stream stream)
{
    ONE_AT_A_TIME;
    const int result = begin_in_context("cuMemcpyHtoDAsync_v2");
    if (result)
        return result;
    stand_in.copies_in++;
    stand_in.bytes_in += bytes;
    return add_task(
        stream,
        &(struct task){
            .kind = TASK_COPY_IN, .address = to, .host = (void *)(uintptr_t)from, .bytes = bytes},
        "cuMemcpyHtoDAsync_v2");
}

/* From rows of the host's to rows of the device's: octet copies no others. */
oct_cuda_result call_copy_rows(const struct oct_cuda_copy_rows *rows, oct_cuda_stream stream)
{
    const int result = begin_in_context("cuMemcpy2DAsync_v2");
    if (result)
        return result;
    if (rows->from_kind != OCT_CUDA_MEMORY_HOST || rows->to_kind != OCT_CUDA_MEMORY_DEVICE ||
        rows->from_x || rows->from_y || rows->to_x || rows->to_y || rows->from_array ||
        rows->to_array || rows->rows == 0 || rows->row_bytes == 0 ||
        rows->from_pitch < rows->row_bytes || rows->to_pitch < rows->row_bytes ||
        rows->from_pitch > INT32_MAX || rows->to_pitch > INT32_MAX)
        return complain(RESULT_INVALID_VALUE, "%zu rows of %zu bytes, %zu and %zu apart",
                        rows->rows, rows->row_bytes, rows->from_pitch, rows->to_pitch);
    stand_in.copies_in++;
    stand_in.bytes_in += rows->rows * rows->row_bytes;
    return add_task(stream, &(struct task){.kind = TASK_COPY_ROWS, .rows = *rows},
                    "cuMemcpy2DAsync_v2");
}

oct_cuda_result call_copy_out(void *to, oct_cuda_address from, size_t bytes, oct_cuda_stream stream)
{
    ONE_AT_A_TIME;
    const int result = begin_in_context("cuMemcpyDtoHAsync_v2");
    if (result)
        return result;
    return add_task(
        stream, &(struct task){.kind = TASK_COPY_OUT, .address = from, .host = to, .bytes = bytes},
        "cuMemcpyDtoHAsync_v2");
}

/* ---- streams and events ---- */

oct_cuda_result call_create_stream(oct_cuda_stream *stream, unsigned flags)
{
    ONE_AT_A_TIME;
    const int result = begin_in_context("cuStreamCreate");
    if (result)
        return result;
    if (flags != OCT_CUDA_STREAM_NON_BLOCKING)
        return complain(RESULT_INVALID_VALUE, "a stream that waits for others");
    *stream = add_object(OBJECT_STREAM, sizeof **stream);
    if (!*stream)
        return RESULT_OUT_OF_MEMORY;
    (*stream)->last = &(*stream)->first;
    return 0;
}

oct_cuda_result call_destroy_stream(oct_cuda_stream stream)
{
    ONE_AT_A_TIME;
    const int result = begin_in_context("cuStreamDestroy_v2");
    if (!is_object(stream, OBJECT_STREAM, "cuStreamDestroy_v2"))
        return RESULT_INVALID_HANDLE;
    drain_stream(stream);
    remove_object(stream);
    return result;
}

/* What is in the stream of NULL may be late. A wait that fails has waited: nothing is done later in
 * memory that the caller gives back. */
oct_cuda_result call_wait_stream(oct_cuda_stream stream)
{
    ONE_AT_A_TIME;
    const int result = begin_in_context("cuStreamSynchronize");
    struct oct_cuda_stream *waited = resolve(stream, "cuStreamSynchronize");
    if (!waited)
        return RESULT_INVALID_HANDLE;
    drain_stream(waited);
    const int drained = drain_all();
    return result ? result : drained;
}

oct_cuda_result call_create_event(oct_cuda_event *event, unsigned flags)
{
    ONE_AT_A_TIME;
    const int result = begin_in_context("cuEventCreate");
    (void)flags;
    if (result)
        return result;
    *event = add_object(OBJECT_EVENT, sizeof **event);
    return *event ? 0 : RESULT_OUT_OF_MEMORY;
}

oct_cuda_result call_destroy_event(oct_cuda_event event)
{
    ONE_AT_A_TIME;
    return destroy_object(event, OBJECT_EVENT, "cuEventDestroy_v2");
}

oct_cuda_result call_record_event(oct_cuda_event event, oct_cuda_stream stream)
{
    ONE_AT_A_TIME;
    const int result = begin_in_context("cuEventRecord");
    if (result || !is_object(event, OBJECT_EVENT, "cuEventRecord"))
        return result ? result : RESULT_INVALID_HANDLE;
    event->is_recorded = false;
    return add_task(stream, &(struct task){.kind = TASK_EVENT, .event = event}, "cuEventRecord");
}

oct_cuda_result call_wait_event(oct_cuda_event event)
{
    ONE_AT_A_TIME;
    const int result = begin_in_context("cuEventSynchronize");
    if (result || !is_object(event, OBJECT_EVENT, "cuEventSynchronize"))
        return result ? result : RESULT_INVALID_HANDLE;
    return drain_all();
}

oct_cuda_result call_elapsed_ms(float *ms, oct_cuda_event begin, oct_cuda_event end)
{
    ONE_AT_A_TIME;
    const int result = begin_in_context("cuEventElapsedTime");
    if (result || !is_object(begin, OBJECT_EVENT, "cuEventElapsedTime") ||
        !is_object(end, OBJECT_EVENT, "cuEventElapsedTime"))
        return result ? result : RESULT_INVALID_HANDLE;
    if (!begin->is_recorded || !end->is_recorded)
        return complain(RESULT_INVALID_HANDLE, "time from or to an event that did not happen");
    *ms = (float)(end->ms - begin->ms);
    return 0;
}

/* ---- launches ---- */

int check_launch(const struct oct_cuda_function *function, const unsigned grid[3],
                 const unsigned block[3], unsigned shared_bytes, void **parameters,
                 struct launch *launch)
{
    if (!is_object(function, OBJECT_FUNCTION, "a launch"))
        return RESULT_INVALID_HANDLE;
    const struct emulated_kernel *kernel = function->kernel;
    const unsigned threads = block[0] * block[1] * block[2];
    if (grid[0] < 1 || grid[1] < 1 || grid[2] < 1 || grid[0] > 0x7fffffffu || grid[1] > 65535 ||
        grid[2] > 65535)
        return complain(RESULT_INVALID_VALUE, "%s: a grid of %u x %u x %u", kernel->name, grid[0],
                        grid[1], grid[2]);
    if (threads < 1 || threads > THREADS_MAX || (kernel->threads && threads != kernel->threads))
        return complain(RESULT_INVALID_VALUE, "%s: %u threads", kernel->name, threads);
    if ((int)shared_bytes > function->shared_bytes)
        return complain(RESULT_INVALID_VALUE, "%s: %u bytes of shared memory, not asked for",
                        kernel->name, shared_bytes);
    if (kernel->parameter_bytes > PARAMETER_BYTES_MAX)
        return complain(RESULT_INVALID_VALUE, "%s: parameters too large", kernel->name);
    launch->kernel = kernel;
    launch->shape = (struct emulated_launch){
        {grid[0], grid[1], grid[2]}, {block[0], block[1], block[2]}, shared_bytes, NULL};
    memcpy(launch->parameters, parameters[0], kernel->parameter_bytes);
    return 0;
}

static void run_kernel(void *user)
{
    struct launch *launch = user;
    launch->kernel->run(launch->kernel, &launch->shape);
}

void skip_launch(const struct launch *launch)
{
    if (launch->kernel->cycles > 0) { /* none of them is quicker than the GPU can be */
        clock_ms +=
            emulated_burn_ms(launch->kernel, &launch->shape, current_gpu()->multiprocessors) *
            (1 + random_bits() % 8 / 100.0);
        return;
    }
    clock_ms += MS_A_BLOCK * launch->shape.grid[0] * (1 + random_bits() % 8);
}

int run_launch(struct launch *launch)
{
    launch->shape.parameters = launch->parameters;
    stand_in.launches++;
    skip_launch(launch);
    const int result = run_stoppable(run_kernel, launch);
    return result ? complain(result, "%s", launch->kernel->name) : 0;
}

oct_cuda_result call_launch(oct_cuda_function function, unsigned grid_x, unsigned grid_y,
                            unsigned grid_z, unsigned block_x, unsigned block_y, unsigned block_z,
                            unsigned shared_bytes, oct_cuda_stream stream, void **parameters,
                            void **extra)
{
    ONE_AT_A_TIME;
    const unsigned grid[3] = {grid_x, grid_y, grid_z}, block[3] = {block_x, block_y, block_z};
    struct task task = {.kind = TASK_LAUNCH};
    int result = begin_in_context("cuLaunchKernel");
    if (!result && extra)
        result = RESULT_INVALID_VALUE;
    if (!result)
        result = check_launch(function, grid, block, shared_bytes, parameters, &task.launch);
    return result ? result : add_task(stream, &task, "cuLaunchKernel");
}

int queue_graph(struct oct_cuda_executable *executable, struct oct_cuda_stream *stream)
{
    return add_task(stream, &(struct task){.kind = TASK_GRAPH, .executable = executable},
                    "cuGraphLaunch");
}
