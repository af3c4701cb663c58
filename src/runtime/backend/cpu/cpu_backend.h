/* SPDX-License-Identifier: Apache-2.0 */
/* The processor as a backend: kernels chosen by what it can do, and a pool of threads. */
#ifndef OCTET_RUNTIME_BACKEND_CPU_CPU_BACKEND_H
#define OCTET_RUNTIME_BACKEND_CPU_CPU_BACKEND_H

#include "runtime/backend/backend.h"

extern const struct oct_backend oct_cpu_backend;

#endif
