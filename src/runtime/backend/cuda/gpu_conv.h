/* SPDX-License-Identifier: Apache-2.0 */
/* How a convolution is cut into tiles, patches and chunks (kernels/parameters.h), and its weights
 * in the order of a kernel. Numbers only: nothing here needs a GPU. */
#ifndef OCTET_RUNTIME_BACKEND_CUDA_GPU_CONV_H
#define OCTET_RUNTIME_BACKEND_CUDA_GPU_CONV_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/backend/cuda/kernels/parameters.h"

/* A row of kernels/conv_tiles.h. */
struct oct_gpu_tile {
    const char *name; /* what kernels' names end in: "64x32_k1" */
    int pixels, channels, m, n, k, i, j;
    bool by_rows; /* of OCT_CONV_TILES_ROWS */
};

/* All tiles, and the few that every type and finish has; `*count` of them. */
const struct oct_gpu_tile *oct_gpu_tiles(int *count);
const struct oct_gpu_tile *oct_gpu_tiles_few(int *count);

/* Sets what the tile and the room decide, from what the convolution is (sources, sizes, kernel,
 * stride, padding, images). Chunks have the most groups that divide all, are no more than
 * `most_groups` and need no more than `room` bytes of shared memory a block. Returns these bytes,
 * or 0 when the tile does not fit. */
size_t oct_gpu_conv_cut(struct oct_gpu_conv *conv, int channels, const struct oct_gpu_tile *tile,
                        size_t room, int most_groups);

/* Blocks of a launch. */
int64_t oct_gpu_conv_blocks(const struct oct_gpu_conv *conv);

/* What conv->constants are made of; start, scale and bias of all stored channels, NULL: zeros. */
struct oct_gpu_factors {
    const void *table; /* of the activation: OCT_GPU_TABLE_BYTES */
    const int32_t *start;
    const float *scale, *bias;
};

/* conv->constants: conv->channel_tiles times conv->constant_bytes. */
void oct_gpu_conv_constants(const struct oct_gpu_conv *conv, const struct oct_gpu_tile *tile,
                            const struct oct_gpu_factors *factors, uint8_t *constants);

/* Where the weights of a half step come from: element `element` of group `group` under tap `tap`,
 * for output channel `channel`. */
typedef void oct_gpu_weight(const void *user, int channel, int tap, int group, uint8_t bytes[16]);

/* Bytes of conv->weights, and these. */
size_t oct_gpu_conv_weight_bytes(const struct oct_gpu_conv *conv);
void oct_gpu_conv_pack(const struct oct_gpu_conv *conv, const struct oct_gpu_tile *tile,
                       oct_gpu_weight *weight, const void *user, uint8_t *packed);

/* The output channel of a tile that column `column` (0 to 7) of block `block` stands for, in a warp
 * of `j` blocks: neighbours in memory come to one lane. */
int oct_gpu_conv_channel(int j, int block, int column);

struct oct_gpu_divisor oct_gpu_divisor_of(int divisor);

#endif
