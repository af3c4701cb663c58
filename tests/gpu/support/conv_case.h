/* SPDX-License-Identifier: Apache-2.0 */
/* One convolution, or attention, of random shape and numbers, with what makes its inputs from a
 * picture, run step by step over a driver, the stand-in or a GPU's own, and plainly. */
#ifndef OCTET_TESTS_GPU_SUPPORT_CONV_CASE_H
#define OCTET_TESTS_GPU_SUPPORT_CONV_CASE_H

#include "network/network.h"
#include "random.h"
#include "runtime/backend/cuda/gpu_device.h"

enum { CASE_INPUTS = 3, CASE_IMAGES_MAX = 8 };

/* What is to be made; the rest is random. */
struct conv_shape {
    int kernel, stride, padding, height, width, images;
    int channels[CASE_INPUTS];     /* of the parts of the input's concat; 0: no more, and without
                                      any the picture is the input */
    bool is_enlarged[CASE_INPUTS]; /* the part is upsampled; height and width are even */
    int skipped, left;             /* channels of the concat before and behind the input, a slice */
    int outputs;
    int beside;                 /* channels that the output stands in a concat with; 0: none */
    bool is_last;               /* ... behind them */
    enum oct_type type, output; /* of the input, and the output */
    float scale;                /* of the output's codes; 0: as that of others */
    enum oct_activation activation;
    float slope;
    bool is_depthwise; /* of as many outputs as the input has channels */
    bool is_added;
    enum oct_type residual; /* of what is added */
    int residual_skipped;   /* channels before it: it is a slice */
    int first_images;       /* of the batch, that are launched by themselves */
    /* An attention, of 1x1 convolutions of the picture; 0: none. Nothing but the sizes, types,
     * scale, and what is beside the output holds then, and its outputs are all heads' values. */
    int heads, areas;
    struct oct_head_channels each;
    float factor;
};

struct conv_case {
    struct conv_shape shape;
    struct oct_arena arena;
    struct oct_network network;
    struct oct_tensor tensors[2 * CASE_INPUTS + 9];
    struct oct_layer layers[2 * CASE_INPUTS + 3];
    int layer; /* the convolution, or the attention */
    int tensor;
    uint8_t *pictures[CASE_IMAGES_MAX];
    float *wanted[CASE_IMAGES_MAX]; /* codes or values, [height][width][outputs] */
    size_t count;
    struct oct_gpu_plan plan;
    int step; /* of the plan: that layer's */
};

/* Makes the network, what it gives, and its plan. Fails the running test. */
void conv_case_make(struct conv_case *c, octet_context *ctx, struct test_random *random,
                    const struct conv_shape *shape, const struct oct_gpu_limits *limits);
void conv_case_free(struct conv_case *c, octet_context *ctx);

/* Runs the plan's steps as they are on a device whose context is current, and fails where the
 * layer's output differs: codes and, with tolerance 0, values at all; and where the layer writes
 * anything else. */
void conv_case_check(struct conv_case *c, octet_context *ctx, struct oct_gpu_device *device,
                     double tolerance);

#endif
