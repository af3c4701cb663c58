/* SPDX-License-Identifier: Apache-2.0 */
/* A convolution's weights where an engine has them, and how pack() functions find them: they go
 * from there straight into each kernel's own order. */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_CONV_WEIGHTS_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_CONV_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bfloat16.h"

/* [output channels][input channels][kernel * kernel], of the channels that exist; those stored
 * beside them (struct oct_conv_shape) have weights of zero. Of depthwise convolutions [output
 * channels][kernel * kernel]: `input_channels` is 1, `inputs` NULL. U8 kernels take `codes` in
 * [-127, 127], BF16 kernels `bf16`, and F32 kernels `values`, or `bf16` if that is not NULL. */
struct oct_conv_weights {
    const int8_t *codes;
    const uint16_t *bf16;
    const float *values;
    int input_channels, output_channels;
    const int *inputs; /* [stored input channels]: the input channel that is stored there, or -1;
                          NULL: all, in order, from the first one on */
};

/* Where the weights of a stored input and an output channel begin, of which there are `taps` one
 * after another; false: they are zeros. */
static inline bool oct_conv_find(const struct oct_conv_weights *weights, int output, int input,
                                 size_t taps, size_t *at)
{
    const int channel = weights->inputs                   ? weights->inputs[input]
                        : input < weights->input_channels ? input
                                                          : -1;
    if (channel < 0 || output >= weights->output_channels)
        return false;
    *at = ((size_t)output * (size_t)weights->input_channels + (size_t)channel) * taps;
    return true;
}

static inline float oct_conv_value(const struct oct_conv_weights *weights, size_t at)
{
    return weights->bf16 ? oct_bf16_value(weights->bf16[at]) : weights->values[at];
}

#endif
