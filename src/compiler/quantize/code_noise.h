/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a tensor's codes alone tell of the noise of their coding, and the text in which an engine
 * keeps that of its calibration, to be compared with later.
 */
#ifndef OCTET_COMPILER_QUANTIZE_CODE_NOISE_H
#define OCTET_COMPILER_QUANTIZE_CODE_NOISE_H

#include <stdint.h>

#include "compiler/calibrate/histogram.h"
#include "network/quantization.h"

#define OCT_CODES 256

/* The key of the engine's provenance: "LAYER:DB LAYER:DB ...", by rising layer. */
#define OCT_CALIBRATION_NOISE "calibration_noise"

/* Counts of codes as a coding makes them of a histogram, by bin centres. */
void oct_codes_of(const struct oct_histogram *histogram, struct oct_quantization coding,
                  uint64_t *counts);

/* Share of the values at the last code, and at the first where that is an end: values of a zero
 * point in the lowest quarter are bounded there, as SiLU's and ReLU's are. */
double oct_codes_clipped(const uint64_t *counts, int zero_point);

/*
 * Noise in dB against the variance of the codes: a twelfth for rounding, and for what is clipped
 * 2 c t t: values that lie beyond the end by an exponential tail of scale t, which is that of the
 * codes before it. The same codes give the same figure wherever they come from; against the noise
 * that statistics give it is off by a decibel or two, which cancels in differences.
 */
double oct_codes_noise(const uint64_t *counts, int zero_point);

/* Codes that no value has. */
int oct_codes_unused(const uint64_t *counts);

#endif
