/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What layers without weights compute, forth and back, on values: pools, upsampling, copies, depth
 * to space, attention. Pixels have all channels one after another (y, x, channel).
 */
#ifndef OCTET_TRAIN_PLAIN_LAYERS_H
#define OCTET_TRAIN_PLAIN_LAYERS_H

#include "network/network.h"

struct oct_plain_job {
    const struct oct_layer *layer;
    struct oct_network_size input, output;
    int input_channels, output_channels;
    struct oct_head_channels head; /* ATTENTION */
    float *scratch;                /* oct_plain_scratch() floats */
};

size_t oct_plain_scratch(const struct oct_plain_job *job);

void oct_plain_forward(const struct oct_plain_job *job, const float *input, float *output);

/* Sets the input's gradient. Of equal maxima of a window the first one takes it. */
void oct_plain_backward(const struct oct_plain_job *job, const float *input,
                        const float *output_gradient, float *input_gradient);

/* One file. */
void oct_attention_forward(const struct oct_plain_job *job, const float *input, float *output);
void oct_attention_backward(const struct oct_plain_job *job, const float *input,
                            const float *output_gradient, float *input_gradient);

#endif
