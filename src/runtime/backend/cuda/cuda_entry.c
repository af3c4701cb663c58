/* SPDX-License-Identifier: Apache-2.0 */
/* What liboctet-cuda.so.0 exports. */
#include <string.h>

#include "runtime/backend/cuda/cuda_backend.h"
#include "runtime/backend/cuda/gpu_device.h"
#include "runtime/backend/cuda/gpu_state.h"
#include "runtime/backend/cuda_library.h"

static octet_status describe(octet_context *ctx, int index, octet_gpu *gpu)
{
    struct oct_gpu_device device;
    const octet_status status = oct_gpu_device_open(ctx, index, &device);
    const struct oct_gpu_facts facts = device.facts;
    oct_gpu_device_close(&device);
    memcpy(gpu->name, facts.name, sizeof gpu->name);
    gpu->compute_major = facts.major;
    gpu->compute_minor = facts.minor;
    gpu->multiprocessors = facts.multiprocessors;
    gpu->clock_khz = facts.clock_khz;
    gpu->memory_clock_khz = facts.memory_clock_khz;
    gpu->memory_bytes = facts.memory_bytes;
    gpu->l2_bytes = (size_t)facts.l2_bytes;
    gpu->integrated = facts.integrated;
    gpu->driver_version = facts.driver_version;
    return status;
}

OCTET_API extern const struct oct_cuda_library octet_cuda_library;

const struct oct_cuda_library octet_cuda_library = {
    .layout = OCT_CUDA_LAYOUT,
    .version = OCTET_VERSION,
    .backend = &oct_cuda_backend,
    .describe = describe,
    .peak = oct_gpu_measure_peak,
    .state = oct_gpu_find_state,
};
