/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A convolution that can be trained: of one picture, floats, pixels with all channels one after
 * another (y, x, channel). Weights stand as the network has them, [outputs][inputs, or 1 in
 * groups][kernel][kernel], and are packed before use. All is done by the calling thread; any number
 * of threads may use a convolution at once.
 */
#ifndef OCTET_TRAIN_CONVOLUTION_H
#define OCTET_TRAIN_CONVOLUTION_H

#include "train/onednn.h"

struct oct_convolution_shape {
    int height, width; /* of the input */
    int inputs, outputs;
    int kernel, stride, padding, uneven; /* as in struct oct_layer */
    int groups;                          /* 1, or as many as inputs and outputs */
};

struct oct_trained_convolution;

/* What the caller is to have for it. */
struct oct_convolution_needs {
    int height, width;      /* of the output */
    size_t forward_bytes;   /* packed weights */
    size_t backward_bytes;  /* the same, as the way back reads them */
    size_t gradient_floats; /* of the weights' gradient, packed */
    size_t scratch_bytes;   /* of a worker */
};

octet_status oct_convolution_create(octet_context *ctx, const struct oct_onednn *onednn,
                                    const struct oct_convolution_shape *shape,
                                    struct oct_trained_convolution **convolution);
void oct_convolution_free(octet_context *ctx, struct oct_trained_convolution **convolution);
const struct oct_convolution_needs *
oct_convolution_needs(const struct oct_trained_convolution *convolution);

/* Each fails, without a message, with OCTET_INTERNAL where oneDNN does. `backward` may be NULL. */
octet_status oct_convolution_pack(const struct oct_trained_convolution *convolution,
                                  const struct oct_onednn_worker *worker, const float *weights,
                                  void *forward, void *backward);
octet_status oct_convolution_forward(const struct oct_trained_convolution *convolution,
                                     const struct oct_onednn_worker *worker, const float *input,
                                     const void *forward, const float *bias, float *output);
/* The gradient of the input. */
octet_status oct_convolution_backward(const struct oct_trained_convolution *convolution,
                                      const struct oct_onednn_worker *worker,
                                      const float *output_gradient, const void *backward,
                                      float *input_gradient);
/* The gradients of the weights, packed, and of the biases; they are set, not added to. */
octet_status oct_convolution_gradients(const struct oct_trained_convolution *convolution,
                                       const struct oct_onednn_worker *worker, const float *input,
                                       const float *output_gradient, float *weights, float *biases);
/* Packed gradients, or their sum, as the network has weights. */
octet_status oct_convolution_unpack(const struct oct_trained_convolution *convolution,
                                    const struct oct_onednn_worker *worker, const float *packed,
                                    float *weights);

#endif
