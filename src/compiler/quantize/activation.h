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

/*
 * Where there is nothing to span (zeros alone, or a scale under 1e-30), codes span 1, what the
 * picture's do. Engines get the picture's codes themselves, from symmetric calibrators too: what
 * they are made of is zeros, which 0 stands for as well as 128. Scales of files have no zero point
 * with them and are those of symmetric codes.
 */
#define OCT_CODING_OF_NOTHING ((struct oct_quantization){1.0f / 255.0f, 0})
#define OCT_SYMMETRIC_SCALE_OF_NOTHING (1.0f / 127.0f)

/* The coding that spans [low, high], widened to contain 0. */
struct oct_quantization oct_coding_of_range(double low, double high);

/* Symmetric signed codes with scale amax / 127, in unsigned bytes: zero point 128. */
struct oct_quantization oct_coding_of_magnitude(double amax);

/* What a calibrator makes of a tensor's statistics: an engine's coding. */
struct oct_quantization oct_calibrate_tensor(const struct oct_calibrator *calibrator,
                                             const struct oct_histogram *histogram);

/* Sum over the histogram of count * (x - decoded(code(x)))^2 at bin centres, with the exact
 * rounding. */
double oct_coding_squared_error(const struct oct_histogram *histogram,
                                struct oct_quantization coding);

/* ---- Symmetric codes, as TensorRT and QDQ models take them: clamp(rint(x / scale), -128, 127)
 * with scale = amax / 127. ---- */

/*
 * The largest magnitude that a symmetric code is to span. MSE: of 96 shares of the largest
 * magnitude, evenly spaced over [0.05, 1], the one of least squared error. MINMAX and MINMAX_TRT:
 * the largest magnitude. PERCENTILE: the larger side of what it leaves. ENTROPY: its threshold.
 */
double oct_symmetric_magnitude(const struct oct_calibrator *calibrator,
                               const struct oct_histogram *histogram);

/* The scale of a magnitude. */
float oct_symmetric_scale(double magnitude);

/* Mean over a histogram of the squared error that a scale's codes make. */
double oct_symmetric_error(const struct oct_histogram *histogram, float scale);

/* Share of a histogram whose magnitude is beyond 127 codes of a scale, by bin centres. */
double oct_symmetric_clipped(const struct oct_histogram *histogram, float scale);

#endif
