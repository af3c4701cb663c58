/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CUDA backend lies in a shared library of its own, so that machines without a GPU need nothing
 * of NVIDIA's: here is what it exports, and how the runtime opens it.
 */
#ifndef OCTET_RUNTIME_BACKEND_CUDA_LIBRARY_H
#define OCTET_RUNTIME_BACKEND_CUDA_LIBRARY_H

#include <octet/machine.h>

#include "runtime/backend/backend.h"

#define OCT_CUDA_LIBRARY "liboctet-cuda.so.0"
#define OCT_CUDA_SYMBOL "octet_cuda_library"

/* What liboctet-cuda.so.0 exports, as `octet_cuda_library`: the CUDA backend. It is built of the
 * same sources as the runtime, whose structs it reads: `layout` and `version` tell if it was. */
struct oct_cuda_library {
    uint32_t layout;                   /* OCT_CUDA_LAYOUT of its build; stays the first member */
    const char *version;               /* OCTET_VERSION of its build */
    const struct oct_backend *backend; /* opens on request->device */
    /* Describes GPU number `device`; OCTET_UNSUPPORTED_DEVICE with one line in the context where
     * there is no driver, it is too old, there is no such device, or it is below compute capability
     * 8.0. On failure `gpu`, which comes zeroed, has what could be found out. */
    octet_status (*describe)(octet_context *ctx, int device, octet_gpu *gpu);
    /* What octet_machine_gpu_peak() and octet_machine_gpu_state() tell; both come zeroed. */
    octet_status (*peak)(octet_context *ctx, int device, octet_gpu_peak *peak);
    octet_status (*state)(octet_context *ctx, int device, octet_gpu_state *state);
};

/* One number made of the sizes of all that crosses the boundary. */
#define OCT_MIX(hash, type) (((hash) ^ (uint32_t)sizeof(type)) * UINT32_C(16777619))
#define OCT_CUDA_MESSAGES OCT_MIX(UINT32_C(2166136261), struct octet_context)
#define OCT_CUDA_NETWORK                                                                           \
    OCT_MIX(OCT_MIX(OCT_MIX(OCT_CUDA_MESSAGES, struct oct_network), struct oct_tensor),            \
            struct oct_layer)
#define OCT_CUDA_HEAD                                                                              \
    OCT_MIX(OCT_MIX(OCT_MIX(OCT_CUDA_NETWORK, struct oct_head), struct oct_head_output),           \
            struct oct_head_kind)
#define OCT_CUDA_ENGINE                                                                            \
    OCT_MIX(OCT_MIX(OCT_CUDA_HEAD, struct octet_engine), struct oct_engine_shared)
#define OCT_CUDA_PICTURE OCT_MIX(OCT_MIX(OCT_CUDA_ENGINE, octet_frame), octet_letterbox)
#define OCT_CUDA_BACKEND                                                                           \
    OCT_MIX(OCT_MIX(OCT_MIX(OCT_CUDA_PICTURE, struct oct_backend), struct oct_backend_request),    \
            struct oct_backend_input)
#define OCT_CUDA_RESULTS                                                                           \
    OCT_MIX(OCT_MIX(OCT_MIX(OCT_CUDA_BACKEND, struct oct_backend_watch), octet_tensor_view),       \
            struct oct_backend_facts)
#define OCT_CUDA_BOXES OCT_MIX(OCT_MIX(OCT_CUDA_RESULTS, octet_detect_settings), octet_detection)
#define OCT_CUDA_MACHINE                                                                           \
    OCT_MIX(OCT_MIX(OCT_MIX(OCT_CUDA_BOXES, octet_gpu), octet_gpu_peak), octet_gpu_state)
#define OCT_CUDA_LAYOUT OCT_MIX(OCT_CUDA_MACHINE, struct oct_cuda_library)

/* Opens the library: the one beside the file that this code lies in, else the one that the system's
 * search finds. It stays open for the life of the process. OCTET_UNSUPPORTED_DEVICE where it is not
 * installed, cannot be loaded, or is of another build. */
octet_status oct_cuda_library_open(octet_context *ctx, const struct oct_cuda_library **library);

#endif
