/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Weights: s8, symmetric, one scale for each output channel. The input's scales are folded in
 * first, channel by channel, so that the members of a concat keep scales of their own:
 *   w'   = w * s_x[channel]
 *   s[n] = max|w'[n]| / 127
 *   code = clamp(rint(w' / s[n]), -127, 127)
 * or, of 4 bits, the same with 7 for 127, which oct_fit_weights() then improves.
 * One accumulator unit of channel n then is worth s[n].
 */
#ifndef OCTET_COMPILER_QUANTIZE_WEIGHTS_H
#define OCTET_COMPILER_QUANTIZE_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oct_weights_shape {
    int outputs, inputs, taps; /* [outputs][inputs][taps] */
    /* Output channel n reads input channel n alone: `inputs` is 1, and what is said of each input
     * channel below has an entry for each output channel. */
    bool depthwise;
    int bits; /* of a code: 4: -7 to 7; 8, or 0: -127 to 127 */
};

/* Of one channel of an activation, over the calibration's pictures, in real values. */
struct oct_moments {
    double mean, deviation; /* standard deviation */
};

/* To nearest. `input_scales` has one entry for each input channel; `codes` takes outputs * inputs *
 * taps, `scales` outputs entries. A channel of zeros gets scale 1. */
void oct_quantize_weights(const struct oct_weights_shape *shape, const float *weights,
                          const float *input_scales, int8_t *codes, float *scales);

/* What oct_refine_weights() works with, beside the codes. */
struct oct_refinement {
    struct oct_weights_shape shape;
    const float *weights, *input_scales, *scales; /* as above */
    const struct oct_moments *moments;            /* [inputs] */
    double *scratch;                              /* oct_refinement_scratch() numbers */
    int (*candidates)[2];                         /* [inputs], scratch as well */
};

size_t oct_refinement_scratch(const struct oct_weights_shape *shape);

/*
 * Rounds some weights to their other neighbour, so that errors that act together cancel: the taps
 * of one input channel see neighbouring pixels, which are alike, and channels rise and fall
 * together somewhat. With e the errors in code units and a[c] = deviation[c] / input_scales[c],
 * what is made small for each output channel, one code at a time and always the one that gains
 * most, is the variance of the output's error under fixed correlations of OCT_TAP_CORRELATION
 * between the taps of a channel and OCT_CHANNEL_CORRELATION between channels. Every code ends
 * within 1 of its weight. After SQuant (Guo et al., ICLR 2022), with measured deviations.
 */
#define OCT_TAP_CORRELATION 0.6
#define OCT_CHANNEL_CORRELATION 0.2
void oct_refine_weights(const struct oct_refinement *refinement, int8_t *codes);

/*
 * In place of oct_refine_weights(), of few bits, where clipping the largest weights can be better
 * than coarse codes for all. `scales`, which are the refinement's, become the share of 0.30 to 1.00
 * of what they were that makes the same variance least by codes to nearest. These are refined; then
 * the scale makes up for how much less than the weights' the codes' output rises and falls: that
 * would add up from layer to layer, as errors do not.
 */
void oct_fit_weights(const struct oct_refinement *refinement, float *scales, int8_t *codes);

/* Takes the mean of the output's error out of the biases: bias[n] + sum mean[c] (w - coded w). */
void oct_correct_biases(const struct oct_refinement *refinement, const int8_t *codes,
                        const float *biases, float *corrected);

#endif
