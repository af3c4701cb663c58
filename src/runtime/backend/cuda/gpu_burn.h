/* SPDX-License-Identifier: Apache-2.0 */
/* Loops in registers on a GPU: how much it multiplies, and at which clock. */
#ifndef OCTET_RUNTIME_BACKEND_CUDA_GPU_BURN_H
#define OCTET_RUNTIME_BACKEND_CUDA_GPU_BURN_H

#include "runtime/backend/cuda/gpu_device.h"

/* What the loops multiply. */
enum oct_gpu_burn_kind { OCT_GPU_BURN_U8, OCT_GPU_BURN_BF16, OCT_GPU_BURN_F32 };

/* Zeroed parts are not there. */
struct oct_gpu_burner {
    struct oct_gpu_device *device;
    oct_cuda_stream stream;
    oct_cuda_event begin, end;
    oct_cuda_address clock;
    oct_cuda_function function; /* the loop of the last oct_gpu_burn() */
    unsigned blocks;
    int rounds;
};

/* 10^9 multiply-adds a second, and the multiprocessors' clock meanwhile. */
struct oct_gpu_burnt {
    double gmacs, clock_khz;
};

/* All of these between oct_gpu_device_enter() and _leave(). Closing accepts what failed to open. */
octet_status oct_gpu_burner_open(struct oct_gpu_device *device, struct oct_gpu_burner *burner);
void oct_gpu_burner_close(struct oct_gpu_burner *burner);

/* Warms the GPU up, some 40 ms, then the quickest of `tries` loops of some 10 ms. */
octet_status oct_gpu_burn(struct oct_gpu_burner *burner, enum oct_gpu_burn_kind kind, int tries,
                          struct oct_gpu_burnt *burnt);

/* The last loop once more, which this does not wait for; and the wait. */
octet_status oct_gpu_burner_go_on(struct oct_gpu_burner *burner);
octet_status oct_gpu_burner_wait(struct oct_gpu_burner *burner);

#endif
