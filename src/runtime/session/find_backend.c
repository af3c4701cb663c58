/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the backend of a device: the processor's is part of the library, CUDA's is opened. */
#include "runtime/session/find_backend.h"

#include <string.h>

#include "runtime/backend/cpu/cpu_backend.h"
#include "runtime/backend/cuda_library.h"

/* "cuda" or "cuda:N". */
static bool parse_cuda(const char *device, int *index)
{
    *index = 0;
    if (strncmp(device, "cuda", 4) != 0)
        return false;
    if (!device[4])
        return true;
    const char *digits = device + 5;
    const size_t count = strlen(device + 4) - 1;
    if (device[4] != ':' || count < 1 || count > 2 || strspn(digits, "0123456789") != count)
        return false;
    for (size_t i = 0; i < count; i++)
        *index = 10 * *index + (digits[i] - '0');
    return *index < OCT_GPUS_MAX;
}

/* GPU 0 where octet can run on it. Failures are told to nobody. */
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
    *index = 0;
    if (!device || strcmp(device, "cpu") == 0) {
        *backend = &oct_cpu_backend;
        return OCTET_OK;
    }
    if (strcmp(device, "auto") == 0) {
        *backend = choose(ctx);
        return OCTET_OK;
    }
    if (!parse_cuda(device, index))
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT,
                        "device \"%.40s\": must be cpu, cuda, cuda:N (N from 0 to %d) or auto",
                        device, OCT_GPUS_MAX - 1);
    const struct oct_cuda_library *library;
    const octet_status status = oct_cuda_library_open(ctx, &library);
    if (!status)
        *backend = library->backend;
    return status;
}
