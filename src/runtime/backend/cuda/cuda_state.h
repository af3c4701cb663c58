/* SPDX-License-Identifier: Apache-2.0 */
/* The CUDA backend's state: a plan whose memory, kernels and graph are on a GPU. Private to this
 * folder. */
#ifndef OCTET_RUNTIME_BACKEND_CUDA_CUDA_STATE_H
#define OCTET_RUNTIME_BACKEND_CUDA_CUDA_STATE_H

#include "runtime/backend/backend.h"
#include "runtime/backend/cuda/gpu_device.h"

/* Where pictures are put before they are letterboxed, and how: sizes are asked for again and again
 * alike, and then nothing of it is new. */
struct oct_cuda_input {
    oct_cuda_address source; /* the picture's pixels, or planes */
    size_t source_bytes;
    oct_cuda_address taps; /* of columns, then of rows */
    size_t taps_bytes;
    octet_letterbox geometry; /* that `taps` are for; target_width 0: none */
    void *host_taps;
    oct_cuda_function letterbox, planes;
};

/* Where a tensor's channels are fetched from. */
struct oct_cuda_pieces {
    int count; /* 0: it is never asked for */
    struct oct_gpu_run *runs;
};

struct oct_cuda {
    octet_context *ctx; /* the session's */
    const struct oct_network *network;
    struct oct_arena arena;
    struct oct_gpu_device device;
    struct oct_gpu_plan plan;
    int height, width, batch;
    bool profile;
    const char *cache; /* while it opens */
    oct_cuda_address activations, constants;
    size_t constant_bytes;
    oct_cuda_stream stream;
    oct_cuda_function *functions; /* [steps] */
    oct_cuda_graph graph;
    oct_cuda_executable executable; /* all steps for all slots */
    oct_cuda_event begin, end;      /* of a run, or of a layer with profile */
    double run_ms;                  /* of the last run */
    double *layer_ms;               /* [layers], with profile */
    struct oct_cuda_input input;
    struct oct_cuda_pieces *pieces; /* [tensors] */
    uint8_t **tensors; /* [tensors]: the head's, [batch] of them, where the host reads them */
    uint8_t *watched;  /* the output of a layer that is watched */
    uint8_t *fetched;  /* a buffer's picture, as it is on the GPU */
};

/* OCTET_OK, or the failure of a call of the driver. */
octet_status oct_cuda_try(struct oct_cuda *cuda, oct_cuda_result result, const char *what);

/* cuda_memory.c: what is on the GPU, once there is a plan; tiles are chosen on the way. */
octet_status oct_cuda_allocate(struct oct_cuda *cuda);

/* cuda_run.c: kernels and graph, once there is memory; struct oct_backend's run. */
octet_status oct_cuda_prepare(struct oct_cuda *cuda);
octet_status oct_cuda_launch(struct oct_cuda *cuda, int step, int first, int count);
octet_status oct_cuda_run(void *state, int first, int count, const struct oct_backend_watch *watch);

/* cuda_input.c: struct oct_backend's set_input. */
octet_status oct_cuda_open_input(struct oct_cuda *cuda);
octet_status oct_cuda_set_input(void *state, int slot, const struct oct_backend_input *input);
/* What is on the GPU of it. */
void oct_cuda_close_input(struct oct_cuda *cuda);

/* cuda_tensor.c: struct oct_backend's tensor. */
octet_status oct_cuda_allocate_tensors(struct oct_cuda *cuda);
octet_status oct_cuda_tensor(void *state, int slot, int tensor, octet_tensor_view *view);

#endif
