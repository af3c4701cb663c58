/* SPDX-License-Identifier: Apache-2.0 */
/* The CUDA backend's state: a plan whose memory, kernels and graph are on a GPU. Private to this
 * folder. */
#ifndef OCTET_RUNTIME_BACKEND_CUDA_CUDA_STATE_H
#define OCTET_RUNTIME_BACKEND_CUDA_CUDA_STATE_H

#include "runtime/backend/backend.h"
#include "runtime/backend/cuda/gpu_device.h"
#include "runtime/backend/cuda/gpu_head.h"
#include "runtime/image/frame_planes.h"

/* The kernels that find boxes, in their order. */
enum { OCT_CUDA_HEAD_CLEAR, OCT_CUDA_HEAD_GATHER, OCT_CUDA_HEAD_BOXES, OCT_CUDA_HEAD_KERNELS };

/* Where pictures are put before they are letterboxed, and how: sizes are asked for again and again
 * alike, and then nothing of it is new. */
struct oct_cuda_input {
    oct_cuda_address source; /* the picture's pixels, or planes */
    size_t source_bytes;
    void *mapped;          /* the same memory for the host, where the GPU shares it */
    oct_cuda_address taps; /* of columns, then of rows */
    size_t taps_bytes;
    octet_letterbox geometry; /* that `taps` are for; target_width 0: none */
    void *host_taps;
    oct_cuda_function letterbox, letterbox_yuv, planes;
};

/* Where a tensor's channels are fetched from. */
struct oct_cuda_pieces {
    int count; /* 0: it is never asked for */
    struct oct_gpu_run *runs;
};

/* Boxes found on the GPU. Every run searches for what was asked for last, for all of its slots: who
 * asks for the same again finds it here. The kernels write to this memory of the host's. */
struct oct_cuda_head {
    bool on_gpu; /* else all is done on the host, and only what selecting there needs is here */
    struct oct_gpu_head parameters;
    oct_cuda_function functions[OCT_CUDA_HEAD_KERNELS];
    oct_cuda_address memory; /* the search, counts, what is found */
    size_t bytes, told_bytes;
    uint32_t *told;                        /* [batch]: candidates found; pinned, as the next */
    struct oct_gpu_candidate *candidates;  /* [batch][capacity] */
    struct oct_gpu_search *search, *asked; /* what the GPU has; what is asked for */
    uint64_t number;                       /* of the search; 0: the GPU has none that is known */
    uint64_t last_number;
    uint64_t *searched; /* [batch]: the number of the search that the slot's list is of; 0: none */
    int *places;        /* [anchors] */
    struct oct_select_scratch scratch;
};

struct oct_cuda {
    octet_context *ctx; /* the session's */
    const struct oct_network *network;
    struct oct_arena arena;
    struct oct_gpu_device device;
    struct oct_gpu_plan plan;
    int height, width, batch;
    int parts; /* of the batch, which the graph runs beside each other */
    bool profile;
    const char *cache; /* while it opens */
    struct oct_engine_shared *engine_shared;
    struct oct_cuda_weights *weights; /* in it; held */
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
    struct oct_cuda_head head;
    struct oct_cuda_pieces *pieces; /* [tensors] */
    uint8_t **tensors; /* [tensors]: the head's, [batch] of them, where the host reads them */
    uint8_t *watched;  /* the output of a layer that is watched */
    uint8_t *fetched;  /* a buffer's picture, as it is on the GPU */
};

/* OCTET_OK, or the failure of a call of the driver. */
octet_status oct_cuda_try(struct oct_cuda *cuda, oct_cuda_result result, const char *what);
/* A kernel into the stream, or into the graph behind `waits`. */
octet_status oct_cuda_launch(struct oct_cuda *cuda, const struct oct_cuda_kernel_node *node,
                             const char *what);
octet_status oct_cuda_add_node(struct oct_cuda *cuda, const oct_cuda_node *waits, int wait_count,
                               const struct oct_cuda_kernel_node *node, oct_cuda_node *added);

/* cuda_memory.c: what is on the GPU, once there is a plan; tiles are chosen on the way. */
octet_status oct_cuda_allocate(struct oct_cuda *cuda);
octet_status oct_cuda_clear_activations(struct oct_cuda *cuda);

/* cuda_weights.c: gives the plan its tiles, and holds the constants for these on the GPU: those of
 * another session of the engine, or its own. Activations are there, and zero afterwards. Then their
 * end; `entered`: the thread has turned to the GPU. */
octet_status oct_cuda_hold_weights(struct oct_cuda *cuda);
void oct_cuda_release_weights(struct oct_cuda *cuda, bool entered);

/* cuda_run.c: kernels and graph, once there is memory; struct oct_backend's run. */
octet_status oct_cuda_prepare(struct oct_cuda *cuda);
octet_status oct_cuda_run(void *state, int first, int count, const struct oct_backend_watch *watch);

/* cuda_input.c: struct oct_backend's set_input. */
octet_status oct_cuda_open_input(struct oct_cuda *cuda);
octet_status oct_cuda_set_input(void *state, int slot, const struct oct_backend_input *input);
/* What is on the GPU of it. */
void oct_cuda_close_input(struct oct_cuda *cuda);

/* cuda_frame.c: memory that the GPU reads pictures from. Planes of a frame, where they lie if the
 * GPU can read them there, else copied; and bytes, copied. */
struct oct_cuda_planes {
    oct_cuda_address planes[OCT_FRAME_PLANES_MAX];
    int32_t strides[OCT_FRAME_PLANES_MAX];
};
octet_status oct_cuda_place_frame(struct oct_cuda *cuda, const octet_frame *frame,
                                  bool in_host_memory, struct oct_cuda_planes *placed);
octet_status oct_cuda_place_bytes(struct oct_cuda *cuda, const void *bytes, size_t size);
void oct_cuda_release_source(struct oct_cuda *cuda);
/* struct oct_backend's allocate_host and release_host. */
octet_status oct_cuda_allocate_host(void *state, size_t bytes, void **memory);
void oct_cuda_release_host(void *state, void *memory);

/* cuda_head.c: once activations have addresses, before there is a graph; and the search as
 * launches, or as nodes behind those of the steps, [parts][steps]. `waits` has room for one node
 * more than these. */
octet_status oct_cuda_open_head(struct oct_cuda *cuda);
void oct_cuda_close_head(struct oct_cuda *cuda);
octet_status oct_cuda_launch_head(struct oct_cuda *cuda, int first, int count);
octet_status oct_cuda_add_head(struct oct_cuda *cuda, const oct_cuda_node *steps,
                               oct_cuda_node *waits);

/* cuda_select.c: struct oct_backend's select; and what a run makes of the slots' lists: they are
 * lost, or there once it is done. */
octet_status oct_cuda_select(void *state, int slot, const octet_detect_settings *settings,
                             octet_detection *detections, int most, int *count);
octet_status oct_cuda_search(struct oct_cuda *cuda, const octet_detect_settings *settings);
void oct_cuda_lists_lost(struct oct_cuda *cuda, int first, int count);
void oct_cuda_lists_made(struct oct_cuda *cuda, int first, int count);

/* cuda_tensor.c: struct oct_backend's tensor. */
octet_status oct_cuda_allocate_tensors(struct oct_cuda *cuda);
octet_status oct_cuda_tensor(void *state, int slot, int tensor, octet_tensor_view *view);

#endif
