/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One picture forth and back through a network, by one thread: in float, or with every output
 * rounded to codes as the integer engine's are. Weights are values that codes stand for, or any.
 */
#ifndef OCTET_TRAIN_TRAIN_PASS_H
#define OCTET_TRAIN_TRAIN_PASS_H

#include "train/train_plan.h"

/* What a layer's convolution is run with. */
struct oct_packed_layer {
    void *forward, *backward; /* oct_convolution_pack() */
    const float *bias;
};

struct oct_train_weights {
    const struct oct_packed_layer *layers;  /* [layers] */
    const struct oct_quantization *codings; /* [codings of the plan]; NULL: all in float */
};

/* A worker's memory and position. */
struct oct_train_pass {
    const struct oct_train_plan *plan;
    struct oct_onednn_worker worker;
    float *memory;      /* plan->memory_floats */
    bool *has_gradient; /* [layers]: something was added */
};

octet_status oct_train_pass_open(octet_context *ctx, const struct oct_train_plan *plan,
                                 struct oct_train_pass *pass);
void oct_train_pass_close(octet_context *ctx, struct oct_train_pass *pass);

/* The picture, 3 values a pixel: to be filled before a pass. */
float *oct_train_picture(struct oct_train_pass *pass);

/* Fails, without a message, with OCTET_INTERNAL where oneDNN does. */
octet_status oct_train_forward(struct oct_train_pass *pass,
                               const struct oct_train_weights *weights);

/* What a pass without codes left of a layer that the plan calls a feature. */
const float *oct_train_feature(const struct oct_train_pass *pass, int layer);

/* A head output's values after a pass; and its gradient, to be filled for the way back: both until
 * the next pass. */
const float *oct_train_output(const struct oct_train_pass *pass, int output);
float *oct_train_output_gradient(struct oct_train_pass *pass, int output);

/* How the outputs that the plan calls features are compared with those of the pass without codes
 * that was the last such: oct_match_feature(). */
struct oct_feature_match {
    const double *weights; /* [layers] */
    double loss;           /* added: of all */
};

/* From the gradients of all head outputs, which are to be filled, and of the plan's features,
 * to those of weights and biases (`gradients`, packed, plan->gradient_floats; set)
 * and of the logarithms of scales (added). The pass before it was forth, with the same weights,
 * which have codings. */
octet_status oct_train_backward(struct oct_train_pass *pass,
                                const struct oct_train_weights *weights,
                                struct oct_feature_match *match, float *gradients, double *scales);

#endif
