/* SPDX-License-Identifier: Apache-2.0 */
/* The CUDA backend's table: opens and closes its state. */
#include "runtime/backend/cuda/cuda_backend.h"

#include "base/threads.h"
#include "runtime/backend/cuda/cuda_state.h"

static void close_device(struct oct_cuda *cuda)
{
    const struct oct_cuda_driver *driver = &cuda->device.driver;
    if (!cuda->device.context || oct_gpu_device_enter(&cuda->device))
        return;
    if (cuda->stream)
        driver->wait_stream(cuda->stream);
    if (cuda->executable)
        driver->destroy_executable(cuda->executable);
    if (cuda->graph)
        driver->destroy_graph(cuda->graph);
    if (cuda->begin)
        driver->destroy_event(cuda->begin);
    if (cuda->end)
        driver->destroy_event(cuda->end);
    oct_cuda_close_input(cuda);
    oct_cuda_close_head(cuda);
    if (cuda->activations)
        driver->release(cuda->activations);
    oct_cuda_release_weights(cuda, true);
    if (cuda->stream)
        driver->destroy_stream(cuda->stream);
    oct_gpu_device_leave(&cuda->device);
}

static void close_cuda(void *state)
{
    struct oct_cuda *cuda = state;
    if (!cuda)
        return;
    octet_context *ctx = cuda->ctx;
    close_device(cuda);
    oct_cuda_release_weights(cuda, false); /* where the GPU could not be turned to */
    oct_gpu_device_close(&cuda->device);
    for (int i = 0; cuda->tensors && i < cuda->network->tensor_count; i++)
        oct_free(ctx, cuda->tensors[i]);
    oct_free(ctx, cuda->input.host_taps);
    oct_free(ctx, cuda->watched);
    oct_free(ctx, cuda->fetched);
    oct_arena_clear(&cuda->arena);
    oct_free(ctx, cuda);
}

static octet_status open_on_device(struct oct_cuda *cuda)
{
    octet_status status =
        oct_gpu_plan_make(cuda->ctx, &cuda->arena, cuda->network, cuda->height, cuda->width,
                          cuda->batch, &cuda->device.limits, &cuda->plan);
    if (!status)
        status = oct_cuda_try(
            cuda, cuda->device.driver.create_stream(&cuda->stream, OCT_CUDA_STREAM_NON_BLOCKING),
            "making a stream");
    if (!status)
        status = oct_cuda_allocate(cuda);
    if (!status)
        status = oct_cuda_open_head(cuda);
    if (!status)
        status = oct_cuda_prepare(cuda);
    if (!status)
        status = oct_cuda_open_input(cuda);
    return status ? status : oct_cuda_allocate_tensors(cuda);
}

static octet_status open_all(struct oct_cuda *cuda, const struct oct_backend_request *request)
{
    octet_status status = oct_threads_check(cuda->ctx, request->threads);
    if (!status)
        status = oct_gpu_device_open(cuda->ctx, request->device, &cuda->device);
    if (!status)
        status = oct_gpu_device_enter(&cuda->device);
    if (status)
        return status;
    status = open_on_device(cuda);
    oct_gpu_device_leave(&cuda->device);
    return status;
}

static octet_status open_cuda(octet_context *ctx, const struct oct_backend_request *request,
                              void **state)
{
    struct oct_cuda *cuda = oct_calloc(ctx, 1, sizeof *cuda);
    *state = NULL;
    if (!cuda)
        return oct_fail_memory(ctx, "the session");
    cuda->ctx = ctx;
    cuda->network = oct_engine_network(
        request->engine, oct_engine_set_of(request->engine, request->height, request->width));
    cuda->engine_shared = request->engine->shared;
    cuda->height = request->height;
    cuda->width = request->width;
    cuda->batch = request->batch;
    cuda->parts = request->batch > 1 ? 2 : 1;
    cuda->profile = request->profile;
    cuda->cache = request->cache;
    cuda->run_ms = -1.0;
    oct_arena_init(&cuda->arena, ctx);
    const octet_status status = open_all(cuda, request);
    if (status)
        close_cuda(cuda);
    else
        *state = cuda;
    return status;
}

static void describe(const void *state, struct oct_backend_facts *facts)
{
    const struct oct_cuda *cuda = state;
    *facts = (struct oct_backend_facts){
        .kernels = "cuda",
        .threads = 1,
        .memory_bytes = cuda->plan.layout.arena_bytes + cuda->constant_bytes + cuda->head.bytes +
                        cuda->head.told_bytes,
    };
}

static double run_ms(const void *state)
{
    return ((const struct oct_cuda *)state)->run_ms;
}

static double layer_ms(const void *state, int layer)
{
    return ((const struct oct_cuda *)state)->layer_ms[layer];
}

const struct oct_backend oct_cuda_backend = {
    .name = "cuda",
    .open = open_cuda,
    .allocate_host = oct_cuda_allocate_host,
    .release_host = oct_cuda_release_host,
    .set_input = oct_cuda_set_input,
    .run = oct_cuda_run,
    .tensor = oct_cuda_tensor,
    .select = oct_cuda_select,
    .describe = describe,
    .run_ms = run_ms,
    .layer_ms = layer_ms,
    .close = close_cuda,
};
