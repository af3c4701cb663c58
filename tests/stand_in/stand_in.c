/* SPDX-License-Identifier: Apache-2.0 */
/* A stand-in for liboctet-cuda.so.0, for tests on machines without a GPU: the CPU's backend under
 * CUDA's name, and one GPU that does not exist. tests/CMakeLists.txt makes libraries of it that
 * must be refused, too. */
#include <stdio.h>

#include "runtime/backend/cpu/cpu_backend.h"
#include "runtime/backend/cuda_library.h"

#ifndef STAND_IN_LAYOUT
#define STAND_IN_LAYOUT OCT_CUDA_LAYOUT
#endif
#ifndef STAND_IN_VERSION
#define STAND_IN_VERSION OCTET_VERSION
#endif

static octet_status check(octet_context *ctx, int device)
{
#ifdef STAND_IN_WITHOUT_GPU
    return oct_fail(ctx, OCTET_UNSUPPORTED_DEVICE, "GPU %d: the stand-in has none", device);
#else
    return device == 0 ? OCTET_OK
                       : oct_fail(ctx, OCTET_UNSUPPORTED_DEVICE,
                                  "GPU %d is not there: the stand-in has one", device);
#endif
}

/* With the kernel sets that this copy of the runtime finds: a test program may claim others. */
static octet_status open_stand_in(octet_context *ctx, const struct oct_backend_request *request,
                                  void **state)
{
    struct oct_backend_request here = *request;
    *state = NULL;
    const octet_status status = check(ctx, request->device);
    if (status)
        return status;
    here.cpu = NULL;
    return oct_cpu_backend.open(ctx, &here, state);
}

static octet_status set_input(void *state, int slot, const struct oct_backend_input *input)
{
    return oct_cpu_backend.set_input(state, slot, input);
}

static octet_status run(void *state, int first, int count, const struct oct_backend_watch *watch)
{
    return oct_cpu_backend.run(state, first, count, watch);
}

static octet_status tensor(void *state, int slot, int index, octet_tensor_view *view)
{
    return oct_cpu_backend.tensor(state, slot, index, view);
}

static void facts(const void *state, struct oct_backend_facts *told)
{
    oct_cpu_backend.describe(state, told);
    told->kernels = "standin";
}

static double layer_ms(const void *state, int layer)
{
    return oct_cpu_backend.layer_ms(state, layer);
}

static void close_stand_in(void *state)
{
    oct_cpu_backend.close(state);
}

static const struct oct_backend backend = {
    .name = "cuda",
    .open = open_stand_in,
    .set_input = set_input,
    .run = run,
    .tensor = tensor,
    .describe = facts,
    .layer_ms = layer_ms,
    .close = close_stand_in,
};

static octet_status describe(octet_context *ctx, int device, octet_gpu *gpu)
{
    gpu->driver_version = 12040;
    const octet_status status = check(ctx, device);
    if (status)
        return status;
    snprintf(gpu->name, sizeof gpu->name, "Stand-in GPU");
    gpu->compute_major = 9;
    gpu->multiprocessors = 132;
    gpu->clock_khz = 1980000;
    gpu->memory_clock_khz = 2619000;
    gpu->memory_bytes = (size_t)80000 << 20;
    gpu->l2_bytes = (size_t)50 << 20;
    return OCTET_OK;
}

static octet_status peak(octet_context *ctx, int device, octet_gpu_peak *told)
{
    const octet_status status = check(ctx, device);
    if (!status)
        *told = (octet_gpu_peak){
            .int8_gmacs = 640000, .bf16_gmacs = 320000, .fp32_gmacs = 32000, .clock_khz = 1755000};
    return status;
}

static octet_status state(octet_context *ctx, int device, octet_gpu_state *told)
{
    const octet_status status = check(ctx, device);
    if (status)
        return status;
    told->clock_khz = 1752400;
    told->power_limit_mw = 350000;
    told->power_default_mw = 700000;
    snprintf(told->held_down_by, sizeof told->held_down_by, "the power limit");
    return OCTET_OK;
}

/* Under another name it is a library that lacks what octet looks for. */
#ifdef STAND_IN_SYMBOL
#define octet_cuda_library STAND_IN_SYMBOL
#endif
extern OCTET_API const struct oct_cuda_library octet_cuda_library;
const struct oct_cuda_library octet_cuda_library = {
    .layout = STAND_IN_LAYOUT,
    .version = STAND_IN_VERSION,
    .backend = &backend,
    .describe = describe,
    .peak = peak,
    .state = state,
};
