/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NVIDIA's driver, libcuda.so.1, as octet uses it: opened when it is asked for, never linked, and
 * declared here, so that building needs no CUDA. Source: the CUDA Driver API's reference; names,
 * numbers and structs are those of its binary interface, which every driver since CUDA 11.4 keeps.
 */
#ifndef OCTET_RUNTIME_BACKEND_CUDA_DRIVER_H
#define OCTET_RUNTIME_BACKEND_CUDA_DRIVER_H

#include <stdint.h>

#include "base/memory.h"

typedef int oct_cuda_result; /* CUresult; 0: success */
typedef int oct_cuda_device; /* CUdevice */
typedef uint64_t oct_cuda_address;

typedef struct oct_cuda_context *oct_cuda_context;
typedef struct oct_cuda_module *oct_cuda_module;
typedef struct oct_cuda_function *oct_cuda_function;
typedef struct oct_cuda_stream *oct_cuda_stream;
typedef struct oct_cuda_event *oct_cuda_event;
typedef struct oct_cuda_graph *oct_cuda_graph;
typedef struct oct_cuda_node *oct_cuda_node;
typedef struct oct_cuda_executable *oct_cuda_executable; /* CUgraphExec */

/* CUdevice_attribute */
enum {
    OCT_CUDA_CLOCK_KHZ = 13,
    OCT_CUDA_MULTIPROCESSORS = 16,
    OCT_CUDA_INTEGRATED = 18,
    OCT_CUDA_MEMORY_CLOCK_KHZ = 36,
    OCT_CUDA_L2_BYTES = 38,
    OCT_CUDA_MAJOR = 75,
    OCT_CUDA_MINOR = 76,
    OCT_CUDA_SHARED_BYTES_A_MULTIPROCESSOR = 81,
    OCT_CUDA_SHARED_BYTES_A_BLOCK = 97 /* at most, when asked for */
};

/* CUfunction_attribute */
enum {
    OCT_CUDA_FUNCTION_PTX_VERSION = 5, /* 10 * major + minor of what it was compiled for */
    OCT_CUDA_FUNCTION_SHARED_BYTES = 8
};

/* CUresult, those that are treated by themselves */
enum { OCT_CUDA_OUT_OF_MEMORY = 2, OCT_CUDA_NO_DEVICE = 100 };

#define OCT_CUDA_STREAM_NON_BLOCKING 1u
#define OCT_CUDA_HOST_PORTABLE 1u /* pinned for every context */
#define OCT_CUDA_HOST_MAPPED 2u   /* kernels reach it, at the address that it has on the host */

/* CUDA_KERNEL_NODE_PARAMS, version 1 */
struct oct_cuda_kernel_node {
    oct_cuda_function function;
    unsigned grid[3], block[3], shared_bytes;
    void **parameters, **extra;
};

/* CUgraphEdgeData: what a dependency of a graph is. */
struct oct_cuda_edge {
    unsigned char from_port, to_port, type, reserved[5];
};
/* Of two kernels: the later one may start when the earlier one lets it, and waits by itself. */
#define OCT_CUDA_EDGE_PROGRAMMATIC                                                                 \
    {                                                                                              \
        .from_port = 1, .type = 1                                                                  \
    }

/* CUDA_MEMCPY2D: rows from one pitch to another. Kinds are CUmemorytype: 1 host, 2 device. */
enum { OCT_CUDA_MEMORY_HOST = 1, OCT_CUDA_MEMORY_DEVICE = 2 };
struct oct_cuda_copy_rows {
    size_t from_x, from_y;
    int from_kind;
    const void *from_host;
    oct_cuda_address from_device;
    void *from_array;
    size_t from_pitch;
    size_t to_x, to_y;
    int to_kind;
    void *to_host;
    oct_cuda_address to_device;
    void *to_array;
    size_t to_pitch;
    size_t row_bytes, rows;
};

/* The functions, in the order in which they are looked up: X(member, symbol, parameters). */
#define OCT_CUDA_FUNCTIONS(X)                                                                      \
    X(get_error_text, "cuGetErrorString", (oct_cuda_result, const char **))                        \
    X(init, "cuInit", (unsigned flags))                                                            \
    X(get_version, "cuDriverGetVersion", (int *))                                                  \
    X(count_devices, "cuDeviceGetCount", (int *))                                                  \
    X(get_device, "cuDeviceGet", (oct_cuda_device *, int))                                         \
    X(get_name, "cuDeviceGetName", (char *, int, oct_cuda_device))                                 \
    X(get_attribute, "cuDeviceGetAttribute", (int *, int, oct_cuda_device))                        \
    X(get_memory, "cuDeviceTotalMem_v2", (size_t *, oct_cuda_device))                              \
    X(get_bus_id, "cuDeviceGetPCIBusId", (char *, int, oct_cuda_device))                           \
    X(retain_context, "cuDevicePrimaryCtxRetain", (oct_cuda_context *, oct_cuda_device))           \
    X(release_context, "cuDevicePrimaryCtxRelease_v2", (oct_cuda_device))                          \
    X(push_context, "cuCtxPushCurrent_v2", (oct_cuda_context))                                     \
    X(pop_context, "cuCtxPopCurrent_v2", (oct_cuda_context *))                                     \
    X(load_module, "cuModuleLoadData", (oct_cuda_module *, const void *))                          \
    X(unload_module, "cuModuleUnload", (oct_cuda_module))                                          \
    X(get_function, "cuModuleGetFunction", (oct_cuda_function *, oct_cuda_module, const char *))   \
    X(set_function, "cuFuncSetAttribute", (oct_cuda_function, int, int))                           \
    X(ask_function, "cuFuncGetAttribute", (int *, int, oct_cuda_function))                         \
    X(allocate, "cuMemAlloc_v2", (oct_cuda_address *, size_t))                                     \
    X(release, "cuMemFree_v2", (oct_cuda_address))                                                 \
    X(allocate_host, "cuMemHostAlloc", (void **, size_t, unsigned flags))                          \
    X(release_host, "cuMemFreeHost", (void *))                                                     \
    X(fill, "cuMemsetD8Async", (oct_cuda_address, unsigned char, size_t, oct_cuda_stream))         \
    X(copy_in, "cuMemcpyHtoDAsync_v2", (oct_cuda_address, const void *, size_t, oct_cuda_stream))  \
    X(copy_rows, "cuMemcpy2DAsync_v2", (const struct oct_cuda_copy_rows *, oct_cuda_stream))       \
    X(copy_out, "cuMemcpyDtoHAsync_v2", (void *, oct_cuda_address, size_t, oct_cuda_stream))       \
    X(create_stream, "cuStreamCreate", (oct_cuda_stream *, unsigned flags))                        \
    X(destroy_stream, "cuStreamDestroy_v2", (oct_cuda_stream))                                     \
    X(wait_stream, "cuStreamSynchronize", (oct_cuda_stream))                                       \
    X(create_event, "cuEventCreate", (oct_cuda_event *, unsigned flags))                           \
    X(destroy_event, "cuEventDestroy_v2", (oct_cuda_event))                                        \
    X(record_event, "cuEventRecord", (oct_cuda_event, oct_cuda_stream))                            \
    X(wait_event, "cuEventSynchronize", (oct_cuda_event))                                          \
    X(elapsed_ms, "cuEventElapsedTime", (float *, oct_cuda_event, oct_cuda_event))                 \
    X(launch, "cuLaunchKernel",                                                                    \
      (oct_cuda_function, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,              \
       unsigned shared_bytes, oct_cuda_stream, void **parameters, void **extra))                   \
    X(create_graph, "cuGraphCreate", (oct_cuda_graph *, unsigned flags))                           \
    X(destroy_graph, "cuGraphDestroy", (oct_cuda_graph))                                           \
    X(add_kernel_node, "cuGraphAddKernelNode",                                                     \
      (oct_cuda_node *, oct_cuda_graph, const oct_cuda_node *, size_t count,                       \
       const struct oct_cuda_kernel_node *))                                                       \
    X(add_event_node, "cuGraphAddEventRecordNode",                                                 \
      (oct_cuda_node *, oct_cuda_graph, const oct_cuda_node *, size_t count, oct_cuda_event))      \
    X(instantiate_graph, "cuGraphInstantiateWithFlags",                                            \
      (oct_cuda_executable *, oct_cuda_graph, unsigned long long flags))                           \
    X(destroy_executable, "cuGraphExecDestroy", (oct_cuda_executable))                             \
    X(launch_graph, "cuGraphLaunch", (oct_cuda_executable, oct_cuda_stream))

/* Those that older drivers lack, where they are NULL. */
#define OCT_CUDA_NEWER_FUNCTIONS(X)                                                                \
    X(add_edges, "cuGraphAddDependencies_v2", /* CUDA 12.3 */                                      \
      (oct_cuda_graph, const oct_cuda_node *from, const oct_cuda_node *to,                         \
       const struct oct_cuda_edge *, size_t count))

struct oct_cuda_driver {
    void *library;
#define OCT_CUDA_MEMBER(member, symbol, parameters) oct_cuda_result(*member) parameters;
    OCT_CUDA_FUNCTIONS(OCT_CUDA_MEMBER)
    OCT_CUDA_NEWER_FUNCTIONS(OCT_CUDA_MEMBER)
#undef OCT_CUDA_MEMBER
};

/* Opens the driver and starts it. Fails with OCTET_UNSUPPORTED_DEVICE and what is missing. */
octet_status oct_cuda_driver_open(octet_context *ctx, struct oct_cuda_driver *driver);
/* A zeroed driver is accepted. */
void oct_cuda_driver_close(struct oct_cuda_driver *driver);

/* OCTET_OK for a result of 0; else OCTET_OUT_OF_MEMORY or OCTET_DEVICE_FAILED, with the driver's
 * words for it. `what` was done: "launching conv_u8". */
octet_status oct_cuda_check(octet_context *ctx, const struct oct_cuda_driver *driver,
                            oct_cuda_result result, const char *what);

#endif
