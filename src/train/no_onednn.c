/* SPDX-License-Identifier: Apache-2.0 */
/* A build without oneDNN's headers: opening it fails, and says why, so that nothing else here is
 * ever called. */
#include "train/convolution.h"

#ifndef OCTET_HAS_ONEDNN

octet_status oct_onednn_open(octet_context *ctx, struct oct_onednn **onednn)
{
    *onednn = NULL;
    return oct_fail(ctx, OCTET_UNSUPPORTED_DEVICE,
                    "training works with oneDNN, and this octet was built without it (package "
                    "libdnnl-dev)");
}

void oct_onednn_close(octet_context *ctx, struct oct_onednn **onednn)
{
    (void)ctx;
    *onednn = NULL;
}

octet_status oct_onednn_worker_open(octet_context *ctx, const struct oct_onednn *onednn,
                                    void *scratch, struct oct_onednn_worker *worker)
{
    (void)ctx;
    *worker = (struct oct_onednn_worker){.onednn = onednn, .scratch = scratch};
    return OCTET_INTERNAL;
}

int oct_onednn_enter(const struct oct_onednn *onednn)
{
    (void)onednn;
    return 1;
}

void oct_onednn_leave(const struct oct_onednn *onednn, int before)
{
    (void)onednn, (void)before;
}

void oct_onednn_worker_close(struct oct_onednn_worker *worker)
{
    (void)worker;
}

octet_status oct_convolution_create(octet_context *ctx, const struct oct_onednn *onednn,
                                    const struct oct_convolution_shape *shape,
                                    struct oct_trained_convolution **convolution)
{
    (void)ctx, (void)onednn, (void)shape;
    *convolution = NULL;
    return OCTET_INTERNAL;
}

void oct_convolution_free(octet_context *ctx, struct oct_trained_convolution **convolution)
{
    (void)ctx;
    *convolution = NULL;
}

const struct oct_convolution_needs *
oct_convolution_needs(const struct oct_trained_convolution *convolution)
{
    static const struct oct_convolution_needs none;
    (void)convolution;
    return &none;
}

octet_status oct_convolution_pack(const struct oct_trained_convolution *convolution,
                                  const struct oct_onednn_worker *worker, const float *weights,
                                  void *forward, void *backward)
{
    (void)convolution, (void)worker, (void)weights, (void)forward, (void)backward;
    return OCTET_INTERNAL;
}

octet_status oct_convolution_forward(const struct oct_trained_convolution *convolution,
                                     const struct oct_onednn_worker *worker, const float *input,
                                     const void *forward, const float *bias, float *output)
{
    (void)convolution, (void)worker, (void)input, (void)forward, (void)bias, (void)output;
    return OCTET_INTERNAL;
}

octet_status oct_convolution_backward(const struct oct_trained_convolution *convolution,
                                      const struct oct_onednn_worker *worker,
                                      const float *output_gradient, const void *backward,
                                      float *input_gradient)
{
    (void)convolution, (void)worker, (void)output_gradient, (void)backward, (void)input_gradient;
    return OCTET_INTERNAL;
}

octet_status oct_convolution_gradients(const struct oct_trained_convolution *convolution,
                                       const struct oct_onednn_worker *worker, const float *input,
                                       const float *output_gradient, float *weights, float *biases)
{
    (void)convolution, (void)worker, (void)input, (void)output_gradient, (void)weights;
    (void)biases;
    return OCTET_INTERNAL;
}

octet_status oct_convolution_unpack(const struct oct_trained_convolution *convolution,
                                    const struct oct_onednn_worker *worker, const float *packed,
                                    float *weights)
{
    (void)convolution, (void)worker, (void)packed, (void)weights;
    return OCTET_INTERNAL;
}

#endif
