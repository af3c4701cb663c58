/* SPDX-License-Identifier: Apache-2.0 */
/* A state's memory on the GPU: activations, zero at first, and what they meet there. */
#include "runtime/backend/cuda/cuda_state.h"

octet_status oct_cuda_clear_activations(struct oct_cuda *cuda)
{
    return oct_cuda_try(
        cuda,
        cuda->device.driver.fill(cuda->activations, 0, cuda->plan.layout.arena_bytes, cuda->stream),
        "clearing activations");
}

octet_status oct_cuda_allocate(struct oct_cuda *cuda)
{
    octet_status status = oct_cuda_try(
        cuda, cuda->device.driver.allocate(&cuda->activations, cuda->plan.layout.arena_bytes),
        "memory for activations");
    if (!status)
        status = oct_cuda_clear_activations(cuda);
    if (!status)
        status = oct_cuda_hold_weights(cuda);
    for (int i = 0; i < cuda->plan.step_count && !status; i++)
        oct_gpu_step_bind(&cuda->plan.steps[i], cuda->activations, cuda->constants);
    return status;
}
