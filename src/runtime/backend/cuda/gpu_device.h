/* SPDX-License-Identifier: Apache-2.0 */
/* A GPU that octet can use, and the kernels that run on it. */
#ifndef OCTET_RUNTIME_BACKEND_CUDA_GPU_DEVICE_H
#define OCTET_RUNTIME_BACKEND_CUDA_GPU_DEVICE_H

#include "runtime/backend/cuda/driver.h"
#include "runtime/backend/cuda/gpu_plan.h"

/* Kernels of one .cu file, compiled for all GPUs (a "fat binary"). The list is put into the library
 * where nvcc is; tests bring one of their own. */
struct oct_gpu_module {
    const char *name;
    const void *image;
};
const struct oct_gpu_module *oct_gpu_modules(int *count);

#define OCT_GPU_MODULES_MAX 16

/* What is told of a GPU. */
struct oct_gpu_facts {
    char name[96];
    int major, minor; /* compute capability */
    int multiprocessors, clock_khz, memory_clock_khz, l2_bytes, integrated;
    int driver_version; /* the CUDA version that the driver is for: 1000 * major + 10 * minor */
    size_t memory_bytes;
};

struct oct_gpu_device {
    octet_context *ctx;
    struct oct_cuda_driver driver;
    oct_cuda_device device;
    oct_cuda_context context; /* the GPU's own ("primary") one, shared with the process */
    bool is_entered;
    struct oct_gpu_facts facts;
    struct oct_gpu_limits limits;
    oct_cuda_module modules[OCT_GPU_MODULES_MAX]; /* NULL until a kernel is asked for */
    /* Kernels that come after one other start while it ends (device.cuh): the driver can, and they
     * were compiled for it. Known once a kernel was asked for. */
    bool overlaps;
};

/* Opens GPU number `index`. Fails with OCTET_UNSUPPORTED_DEVICE and why; `device->facts` then has
 * what could be found out, and nothing is left open. */
octet_status oct_gpu_device_open(octet_context *ctx, int index, struct oct_gpu_device *device);
/* A zeroed device is accepted. */
void oct_gpu_device_close(struct oct_gpu_device *device);

/* Calls of the driver work on a thread's current context: they stand between these two. Leaving a
 * device that could not be entered is accepted. */
octet_status oct_gpu_device_enter(struct oct_gpu_device *device);
void oct_gpu_device_leave(struct oct_gpu_device *device);

/* The kernel of that name, which then may have all shared memory of a block if `shared_bytes` are
 * more than any kernel has unasked. */
octet_status oct_gpu_device_kernel(struct oct_gpu_device *device, const char *name,
                                   size_t shared_bytes, oct_cuda_function *function);

/* Adds a kernel to a graph, behind the nodes that it waits for. */
octet_status oct_gpu_device_add(struct oct_gpu_device *device, oct_cuda_graph graph,
                                const oct_cuda_node *waits, int wait_count,
                                const struct oct_cuda_kernel_node *node, oct_cuda_node *added);

/* A step's launch for `count` pictures from `first` on; `function` is its kernel. */
struct oct_gpu_launch {
    union oct_gpu_parameters parameters;
    void *pointers[1];
    struct oct_cuda_kernel_node node; /* points into this struct */
};
void oct_gpu_launch_make(struct oct_gpu_launch *launch, const struct oct_gpu_step *step,
                         oct_cuda_function function, int first, int count);

#endif
