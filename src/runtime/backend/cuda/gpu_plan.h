/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a network to a list of steps, each a launch of one kernel, with what it waits for. Made
 * without a GPU: addresses of activations are relative to the arena, those of constants to their
 * block, until oct_gpu_step_bind().
 */
#ifndef OCTET_RUNTIME_BACKEND_CUDA_GPU_PLAN_H
#define OCTET_RUNTIME_BACKEND_CUDA_GPU_PLAN_H

#include "runtime/backend/cuda/gpu_conv.h"
#include "runtime/backend/cuda/gpu_layout.h"

/* Whatever kernels only read: weights, scales, tables. Offset 0 is not used: it stands for none. */
struct oct_gpu_constants {
    octet_context *ctx;
    uint8_t *bytes;
    size_t size, capacity;
};

/* What a step's parameters are; the member of the union. */
enum oct_gpu_kind {
    OCT_GPU_CONV,
    OCT_GPU_PIXELS,
    OCT_GPU_CONV_F32,
    OCT_GPU_DEPTHWISE,
    OCT_GPU_ATTENTION,
    OCT_GPU_MOVE,
    OCT_GPU_POOL,
    OCT_GPU_CHAIN,
    OCT_GPU_TABLE
};

union oct_gpu_parameters {
    struct oct_gpu_conv conv;
    struct oct_gpu_pixels pixels;
    struct oct_gpu_conv_f32 conv_f32;
    struct oct_gpu_depthwise depthwise;
    struct oct_gpu_attention attention;
    struct oct_gpu_move move;
    struct oct_gpu_pool pool;
    struct oct_gpu_chain chain;
    struct oct_gpu_table table;
};

#define OCT_GPU_NAME_BYTES 48

struct oct_gpu_step {
    int layer;
    enum oct_gpu_kind kind;
    union oct_gpu_parameters of;
    const char *family;              /* CONV: what the kernel's name begins with */
    bool rows;                       /* CONV: it comes in tiles by rows */
    bool few;                        /* CONV: it comes in oct_gpu_tiles_few() alone */
    const struct oct_gpu_tile *tile; /* CONV */
    char kernel[OCT_GPU_NAME_BYTES]; /* its name */
    unsigned threads;                /* of a block */
    size_t shared_bytes;             /* of a block, beside what the kernel declares */
    int channels;                    /* of the output, stored */
    const int *inputs;    /* convolutions: the input channel at each element of the groups, or -1 */
    const uint8_t *zeros; /* CONV: each group's zero point */
    int wait_count, *waits; /* steps that must be done before */
};

/* A tensor copied to a place of its own, for a layer that needs it in one piece. */
struct oct_gpu_gather {
    int layer, tensor;
    size_t offset; /* of the first picture's copy, in the arena */
    struct oct_gpu_view view;
};

/* What a device can do, as far as a plan depends on it. */
struct oct_gpu_limits {
    int multiprocessors;
    size_t shared_bytes_a_block, shared_bytes_a_multiprocessor;
};

struct oct_gpu_plan {
    octet_context *ctx;
    struct oct_arena *arena; /* what the plan is allocated from */
    const struct oct_network *network;
    struct oct_gpu_layout layout;
    struct oct_gpu_limits limits;
    int step_count, step_capacity;
    struct oct_gpu_step *steps;
    int *last_steps; /* [layers]: the last step of each, or -1 */
    int gather_count;
    struct oct_gpu_gather *gathers; /* [2 * layers] */
};

/* Makes the steps; tiles are chosen by rule of thumb (oct_gpu_step_tile() changes them). */
octet_status oct_gpu_plan_make(octet_context *ctx, struct oct_arena *arena,
                               const struct oct_network *network, int height, int width, int batch,
                               const struct oct_gpu_limits *limits, struct oct_gpu_plan *plan);

/* Cuts a convolution for a tile, chunks of at most `most_groups` groups and a number of bytes of
 * shared memory; false when it does not fit and the step is as before. */
bool oct_gpu_step_tile(struct oct_gpu_step *step, const struct oct_gpu_tile *tile, size_t room,
                       int most_groups);

/* Writes all constants of the steps and refers the steps to them. */
octet_status oct_gpu_plan_constants(struct oct_gpu_plan *plan, struct oct_gpu_constants *constants);

/* Turns a step's offsets into addresses. */
void oct_gpu_step_bind(struct oct_gpu_step *step, uint64_t arena, uint64_t constants);

/* A step's parameters and grid for `count` pictures from slot `first` on. */
void oct_gpu_step_launch(const struct oct_gpu_step *step, int first, int count,
                         union oct_gpu_parameters *parameters, unsigned grid[2]);

/* Bytes of the step's member of the union. */
size_t oct_gpu_parameter_bytes(enum oct_gpu_kind kind);

/* ---- between the files of the plan ---- */

/* gpu_constants.c: the offset of `size` bytes, copied, or zeros where `bytes` is NULL; 0: out of
 * memory. A multiple of 256. */
uint64_t oct_gpu_constants_add(struct oct_gpu_constants *constants, const void *bytes, size_t size);

/* gpu_constants.c: what kernels take of a layer's activation. */
struct oct_gpu_activation oct_gpu_activation_of(const struct oct_layer *layer);

/* plan_layers.c: appends a step to a layer; NULL: out of memory. */
struct oct_gpu_step *oct_gpu_plan_add(struct oct_gpu_plan *plan, int layer, enum oct_gpu_kind kind,
                                      const char *kernel, unsigned threads);
/* A tensor in one piece and at a multiple of `alignment` channels: where it lies, or a copy of it,
 * for which steps of `layer` are appended. */
octet_status oct_gpu_plan_view(struct oct_gpu_plan *plan, int layer, int tensor, int alignment,
                               struct oct_gpu_view *view);
/* The copy whatever the tensor is like. */
octet_status oct_gpu_plan_copy(struct oct_gpu_plan *plan, int layer, int tensor,
                               struct oct_gpu_view *view);
/* The view of what a layer writes. */
struct oct_gpu_view oct_gpu_plan_output(const struct oct_gpu_plan *plan, int tensor);

/* plan_conv.c: the steps of a convolution. */
octet_status oct_gpu_plan_conv(struct oct_gpu_plan *plan, int layer);
/* Kernels of the first convolution: how many channels a block writes, and for kernels up to which
 * size, in `columns` half steps a row of taps and `steps` in all. */
struct oct_gpu_pixels_kernel {
    const char *name, *any; /* with SiLU or none; with any activation */
    int channels, kernel, columns, steps;
};
const struct oct_gpu_pixels_kernel *oct_gpu_pixels_kernel(int channels, int kernel);

/* plan_depthwise.c: the steps of a convolution of each channel by itself, its constants, and the
 * blocks of its launch. */
octet_status oct_gpu_plan_depthwise(struct oct_gpu_plan *plan, int layer);
octet_status oct_gpu_plan_depthwise_weights(const struct oct_gpu_plan *plan,
                                            struct oct_gpu_step *step,
                                            struct oct_gpu_constants *constants, uint64_t table);
int64_t oct_gpu_depthwise_blocks(const struct oct_gpu_depthwise *depthwise);

/* plan_attention.c: the step of an attention. */
octet_status oct_gpu_plan_attention(struct oct_gpu_plan *plan, int layer);

/* plan_weights.c */
octet_status oct_gpu_plan_weights(const struct oct_gpu_plan *plan, struct oct_gpu_step *step,
                                  struct oct_gpu_constants *constants, uint64_t table);

/* plan_order.c: what each step waits for. */
octet_status oct_gpu_plan_order(struct oct_gpu_plan *plan);

#endif
