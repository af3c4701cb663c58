/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one file of kernels tells another: a convolution its finish, and the user of another file's
 * tiles those. Nothing here depends on a macro, so that both sides agree whatever theirs say.
 */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_CONTRACT_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_CONTRACT_H

#include "runtime/backend/cpu/kernels/kernels.h"

/* One channel tile of a job's input. Distances in bytes. */
struct tile {
    size_t row, column; /* from tap to tap */
    size_t pixel;       /* from output pixel to output pixel */
    int rows, columns;  /* of taps; a row whose taps lie end to end counts as one column */
    int steps;          /* in each */
    const uint8_t *weights;
    const int32_t *start;      /* [vectors * lanes]; of halves their bits; aligned */
    const float *scale, *bias; /* as `start`; only of int32 sums, for tiles that scale them */
};

typedef void tile_function(const struct tile *t, const uint8_t *input, float *values);

/* The room for a table of tiles, by their pixels: more than any has. */
enum { TILE_PIXELS = 32 };

enum {
    FINISH_SILU = 1,
    FINISH_RESIDUAL_U8 = 2,
    FINISH_RESIDUAL_F32 = 4,
    FINISH_OUTPUT_F32 = 8,
    FINISH_RESIDUAL_BF16 = 16,
    FINISH_OUTPUT_BF16 = 32,
    FINISH_BOUNDED = 64,  /* no number is too large for an integer before it is limited to codes */
    FINISH_STREAM = 128,  /* F32 output of whole vectors goes past the caches */
    FINISH_COMPACT = 256, /* one piece of code for whole steps and the last one: half the size */
    /* Other activations than SiLU; FINISH_OTHER with each of them. */
    FINISH_OTHER = 512,
    FINISH_RELU = 1024,
    FINISH_LEAKY_RELU = 2048,
    FINISH_HARDSWISH = 4096,
    FINISH_GELU = 8192,
    FINISH_GELU_TANH = 16384,
    FINISH_RESIDUAL_F16 = 32768,
    FINISH_OUTPUT_F16 = 65536
};

/* One channel tile of a job. Distances between pixels in bytes. */
struct finish {
    /* [pixels][vectors][lanes], int32 or the bits of floats, or halves; aligned */
    const int32_t *sums;
    /* [vectors * lanes], only for a finish that is given raw sums: what they should have begun
     * with, int32 or bits of floats; and for int32 sums scale and bias. */
    const int32_t *start;
    const float *scale, *bias;
    int vectors;
    int tail;    /* channels of the last vector that exist, 1 to lanes */
    int flags;   /* FINISH_* */
    float slope; /* FINISH_LEAKY_RELU */
    size_t output_pixel, residual_pixel;
    float inverse_scale, residual_scale;
    float highest; /* 255 - zero_point */
    int zero_point, residual_zero_point;
};

typedef void finish_function(const struct finish *f, int pixels, uint8_t *output,
                             const uint8_t *residual);

#endif
