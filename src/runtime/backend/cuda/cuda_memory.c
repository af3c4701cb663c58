/* SPDX-License-Identifier: Apache-2.0 */
/* A state's memory on the GPU: activations, zero at first, and constants. */
#include "runtime/backend/cuda/cuda_state.h"
#include "runtime/backend/cuda/gpu_tune.h"

/* As remembered, else by trial. */
static octet_status choose_tiles(struct oct_cuda *cuda)
{
    const struct oct_gpu_facts *facts = &cuda->device.facts;
    if (cuda->cache && oct_gpu_tiles_read(cuda->ctx, cuda->cache, facts, &cuda->plan))
        return OCTET_OK;
    const octet_status status =
        oct_gpu_tune(&cuda->device, &cuda->plan, cuda->activations, cuda->stream);
    if (!status && cuda->cache)
        oct_gpu_tiles_write(cuda->ctx, cuda->cache, facts, &cuda->plan);
    return status;
}

static octet_status copy_constants(struct oct_cuda *cuda, const struct oct_gpu_constants *constants)
{
    const struct oct_cuda_driver *driver = &cuda->device.driver;
    cuda->constant_bytes = constants->size;
    octet_status status = oct_cuda_try(cuda, driver->allocate(&cuda->constants, constants->size),
                                       "memory for weights");
    if (!status)
        status = oct_cuda_try(
            cuda, driver->copy_in(cuda->constants, constants->bytes, constants->size, cuda->stream),
            "copying weights");
    return status ? status
                  : oct_cuda_try(cuda, driver->wait_stream(cuda->stream), "copying weights");
}

octet_status oct_cuda_allocate(struct oct_cuda *cuda)
{
    const struct oct_cuda_driver *driver = &cuda->device.driver;
    struct oct_gpu_constants constants = {.ctx = cuda->ctx};
    const size_t bytes = cuda->plan.layout.arena_bytes;
    octet_status status =
        oct_cuda_try(cuda, driver->allocate(&cuda->activations, bytes), "memory for activations");
    if (!status)
        status = choose_tiles(cuda);
    if (!status)
        status = oct_cuda_try(cuda, driver->fill(cuda->activations, 0, bytes, cuda->stream),
                              "clearing activations");
    if (!status)
        status = oct_gpu_plan_constants(&cuda->plan, &constants);
    if (!status)
        status = copy_constants(cuda, &constants);
    oct_free(cuda->ctx, constants.bytes);
    for (int i = 0; i < cuda->plan.step_count && !status; i++)
        oct_gpu_step_bind(&cuda->plan.steps[i], cuda->activations, cuda->constants);
    return status;
}
