/* SPDX-License-Identifier: Apache-2.0 */
/* NVIDIA GPUs from compute capability 8.0 on. */
#ifndef OCTET_RUNTIME_BACKEND_CUDA_CUDA_BACKEND_H
#define OCTET_RUNTIME_BACKEND_CUDA_CUDA_BACKEND_H

#include "runtime/backend/backend.h"

extern const struct oct_backend oct_cuda_backend;

#endif
