/* SPDX-License-Identifier: Apache-2.0 */
/* A block of a convolution, between what sums up and what stores. */
#ifndef OCTET_TESTS_GPU_DRIVER_EMULATED_CONV_H
#define OCTET_TESTS_GPU_DRIVER_EMULATED_CONV_H

#include "emulation.h"

#define SHARED_BYTES_MAX (228 << 10)
#define SUMS_MAX (16 << 10) /* of a tile, and of all parts of its depth */

union conv_sum {
    uint32_t bits; /* of an int: sums wrap around */
    float value;
};

struct conv_block {
    const struct oct_gpu_conv *p;
    const struct emulated_tile *tile;
    bool codes;
    enum emulated_finish finish;
    int shared_bytes;
    int channel_tile, image, tile_y, tile_x, first_y, first_x;
    union conv_sum sums[SUMS_MAX]; /* [parts][pixels][channels] */
    _Alignas(128) uint8_t shared[SHARED_BYTES_MAX];
};

/* ---- emulated_patch.c ---- */

/* `bytes` of shared memory from `at` on, which must lie within [begin, end). */
uint8_t *conv_shared_at(struct conv_block *b, int64_t at, int64_t bytes, int64_t begin, int64_t end,
                        const char *what);
int64_t conv_patch_bytes(const struct oct_gpu_conv *p);
void conv_fill_constants(struct conv_block *b);
void conv_fill_weights(struct conv_block *b, int64_t stage, int chunk);
void conv_fill_patch(struct conv_block *b, int64_t patch, int chunk);

/* ---- emulated_conv.c ---- */

/* What the block's constants say of a pixel of the tile, 0 to `pixels` - 1. */
struct oct_gpu_pixel conv_pixel(struct conv_block *b, int pixel);

/* Bits of start (0), scale (1) or bias (2) of a channel of the tile. */
uint32_t conv_constant(struct conv_block *b, int array, int channel);

/* emulated_store.c: stores the channels of a pixel. */
void conv_store(struct conv_block *b, int pixel);

#endif
