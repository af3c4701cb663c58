/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Weights: s8, symmetric, one scale for each output channel. The input's scales are folded in
 * first, channel by channel, so that the members of a concat keep scales of their own: w' = w *
 * s_x[channel], s[n] = max|w'[n]| / 127, code = clamp(rint(w' / s[n]), -127, 127). One accumulator
 * unit of channel n then is worth s[n].
 */
#ifndef OCTET_COMPILER_QUANTIZE_WEIGHTS_H
#define OCTET_COMPILER_QUANTIZE_WEIGHTS_H

#include <stdint.h>

struct oct_weights_shape {
    int outputs, inputs, taps; /* [outputs][inputs][taps] */
};

/* `input_scales` has one entry for each input channel; `codes` takes outputs * inputs * taps,
 * `scales` outputs entries. A channel of zeros gets scale 1. */
void oct_quantize_weights(const struct oct_weights_shape *shape, const float *weights,
                          const float *input_scales, int8_t *codes, float *scales);

#endif
