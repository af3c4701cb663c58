/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Symmetric ranges, as TensorRT and QDQ models take them: code = clamp(rint(x / scale), -128, 127)
 * with scale = amax / 127.
 */
#ifndef OCTET_COMPILER_QUANTIZE_SYMMETRIC_H
#define OCTET_COMPILER_QUANTIZE_SYMMETRIC_H

#include "compiler/quantize/activation.h"

/*
 * The largest magnitude that a symmetric code is to span:
 *   MSE                 of 96 shares of the largest magnitude, evenly spaced over [0.05, 1], that
 *                       of least squared error
 *   MINMAX, MINMAX_TRT  the largest magnitude
 *   PERCENTILE          the larger side of what it leaves
 *   ENTROPY             its threshold
 */
double oct_symmetric_magnitude(const struct oct_calibrator *calibrator,
                               const struct oct_histogram *histogram);

/* The scale of a magnitude; 1/127 for 0, or too little to count. */
float oct_symmetric_scale(double magnitude);

/* Mean over a histogram of the squared error that a scale's codes make. */
double oct_symmetric_error(const struct oct_histogram *histogram, float scale);

/* Share of a histogram whose magnitude is beyond 127 codes of a scale, by bin centres. */
double oct_symmetric_clipped(const struct oct_histogram *histogram, float scale);

#endif
