/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entropy calibrator, as TensorRT's Entropy2: the threshold at which the distribution of
 * magnitudes, coded in 128 levels, diverges least from itself. For users who must reproduce it; it
 * is not what octet recommends. Source: Migacz, "8-bit inference with TensorRT", GTC 2017; Kullback
 * and Leibler, 1951.
 */
#ifndef OCTET_COMPILER_QUANTIZE_ENTROPY_H
#define OCTET_COMPILER_QUANTIZE_ENTROPY_H

#include "compiler/calibrate/histogram.h"

#define OCT_ENTROPY_BINS 2048
#define OCT_ENTROPY_LEVELS 128

/* The reference's `bins` merged into `levels` groups of (almost) equal width, each spread over its
 * bins that are not empty: group k holds bins [k * bins / levels, (k + 1) * bins / levels). */
void oct_entropy_expand(const double *reference, int bins, int levels, double *expanded);

/* KL(P || Q): P is the first `bins` of `total` with all mass beyond folded into the last, Q those
 * bins without that mass, expanded. Infinity where Q is 0 but P is not. `scratch` holds `bins`
 * numbers. */
double oct_entropy_divergence(const double *counts, int total, int bins, int levels,
                              double *scratch);

/* The bin count, from `levels` to `total`, whose divergence is least; the first one of equals. At
 * most OCT_ENTROPY_BINS in total. */
int oct_entropy_best_bins(const double *counts, int total, int levels);

/* The threshold for a tensor: (best bins + 0.5) bin widths of 2,048 bins over [0, largest
 * magnitude]. */
double oct_entropy_threshold(const struct oct_histogram *histogram);

#endif
