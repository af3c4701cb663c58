/* SPDX-License-Identifier: Apache-2.0 */
/* One convolution of random shape and numbers, with what makes its inputs from a picture, run step
 * by step over the stand-in of the driver and plainly. */
#ifndef OCTET_TESTS_GPU_SUPPORT_CONV_CASE_H
#define OCTET_TESTS_GPU_SUPPORT_CONV_CASE_H

#include "network/network.h"
#include "random.h"
#include "runtime/backend/cuda/gpu_device.h"

enum { CASE_INPUTS = 3, CASE_IMAGES = 2 };

/* What is to be made; the rest is random. */
struct conv_shape {
    int kernel, stride, padding, height, width;
    int channels[CASE_INPUTS]; /* of the parts of the input's concat; 0: no more */
    int outputs;
    enum oct_type type, output; /* of the input, and the output */
    bool silu, is_added;
    enum oct_type residual; /* of what is added */
};

struct conv_case {
    struct conv_shape shape;
    struct oct_arena arena;
    struct oct_network network;
    struct oct_tensor tensors[CASE_INPUTS + 4];
    struct oct_layer layers[CASE_INPUTS + 2];
    int layer; /* the convolution */
    int tensor;
    uint8_t *pictures[CASE_IMAGES];
    float *wanted[CASE_IMAGES]; /* codes or values, [height][width][outputs] */
    size_t count;
    struct oct_gpu_plan plan;
    int step; /* of the plan: the convolution's */
};

/* Makes the network, what it gives, and its plan. Fails the running test. */
void conv_case_make(struct conv_case *c, octet_context *ctx, struct test_random *random,
                    const struct conv_shape *shape, const struct oct_gpu_limits *limits);
void conv_case_free(struct conv_case *c, octet_context *ctx);

/* Runs the plan's steps as they are on a device whose context is current, and fails where the
 * convolution's output differs: codes and, with tolerance 0, values at all. */
void conv_case_check(struct conv_case *c, octet_context *ctx, struct oct_gpu_device *device,
                     double tolerance);

#endif
