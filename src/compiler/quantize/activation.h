/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calibrators: from a tensor's statistics to its scale and zero point. Activations are u8,
 * asymmetric: code = clamp(rint(x / scale) + zero_point, 0, 255), and 0 has a code of its own, for
 * padding.
 */
#ifndef OCTET_COMPILER_QUANTIZE_ACTIVATION_H
#define OCTET_COMPILER_QUANTIZE_ACTIVATION_H

#include "compiler/calibrate/histogram.h"
#include "network/quantization.h"

enum oct_calibrator_kind {
    OCT_CALIBRATOR_MSE,        /* least squared error of coding, asymmetric; the default */
    OCT_CALIBRATOR_MINMAX,     /* all that was seen, asymmetric */
    OCT_CALIBRATOR_PERCENTILE, /* all but the outermost shares on both sides, asymmetric */
    /* least Kullback-Leibler divergence, symmetric, as TensorRT's Entropy2 */
    OCT_CALIBRATOR_ENTROPY,
    OCT_CALIBRATOR_MINMAX_TRT /* largest magnitude, symmetric, as TensorRT's MinMax */
};

#define OCT_PERCENTILE_DEFAULT 99.999

struct oct_calibrator {
    enum oct_calibrator_kind kind;
    double percentile; /* PERCENTILE: over 50, at most 100 */
};

/* The message about a name that is none of them, with the name. */
#define OCT_CALIBRATOR_UNKNOWN                                                                     \
    "calibrator \"%.40s\": there are mse, minmax, percentile[:P], entropy and minmax-trt"

/* "mse", "minmax", "percentile[:P]", "entropy", "minmax-trt"; NULL is the default, "mse". False for
 * anything else. */
bool oct_calibrator_parse(const char *name, struct oct_calibrator *calibrator);

/* The coding that spans [low, high], widened to contain 0. A span of 0 gets scale 1/255. */
struct oct_quantization oct_coding_of_range(double low, double high);

/* What a calibrator makes of a tensor's statistics. */
struct oct_quantization oct_calibrate_tensor(const struct oct_calibrator *calibrator,
                                             const struct oct_histogram *histogram);

/* Symmetric signed codes with scale amax / 127, in unsigned bytes: zero point 128. */
struct oct_quantization oct_coding_of_magnitude(double amax);

/* Sum over the histogram of count * (x - decoded(code(x)))^2 at bin centres, with the exact
 * rounding. */
double oct_coding_squared_error(const struct oct_histogram *histogram,
                                struct oct_quantization coding);

#endif
