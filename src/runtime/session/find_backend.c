/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the backend of a device: the processor's is part of the library, CUDA's is opened. */
#include "runtime/session/find_backend.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/backend/cpu/cpu_backend.h"
#include "runtime/backend/cuda_library.h"

bool oct_device_parse(const char *device, int *gpu)
{
    *gpu = -1;
    if (!device || strcmp(device, "cpu") == 0)
        return true;
    if (strcmp(device, "cuda") == 0 || strcmp(device, "auto") == 0) {
        *gpu = 0;
        return true;
    }
    const char *digits = strncmp(device, "cuda:", 5) == 0 ? device + 5 : "";
    const size_t count = strlen(digits);
    if (count < 1 || count > 2 || strspn(digits, "0123456789") != count)
        return false;
    const int number = (int)strtol(digits, NULL, 10);
    *gpu = number < OCTET_GPUS_MAX ? number : -1;
    return number < OCTET_GPUS_MAX;
}

/* GPU 0 where octet runs on it. Failures are told to nobody. */
static const struct oct_backend *choose(octet_context *ctx)
{
    octet_context own;
    octet_gpu gpu = {0};
    const struct oct_cuda_library *library;
    oct_context_inherit(&own, ctx);
    own.log = NULL;
    if (oct_cuda_library_open(&own, &library) || library->describe(&own, 0, &gpu))
        return &oct_cpu_backend;
    return library->backend;
}

octet_status oct_backend_find(octet_context *ctx, const char *device,
                              const struct oct_backend **backend, int *index)
{
    *backend = NULL;
    int gpu;
    const bool is = oct_device_parse(device, &gpu);
    *index = gpu > 0 ? gpu : 0;
    if (!is)
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT,
                        "device \"%.40s\": must be cpu, cuda, cuda:N (N from 0 to %d) or auto",
                        device, OCTET_GPUS_MAX - 1);
    if (gpu < 0) {
        *backend = &oct_cpu_backend;
        return OCTET_OK;
    }
    if (strcmp(device, "auto") == 0) {
        *backend = choose(ctx);
        return OCTET_OK;
    }
    const struct oct_cuda_library *library;
    const octet_status status = oct_cuda_library_open(ctx, &library);
    if (!status)
        *backend = library->backend;
    return status;
}
