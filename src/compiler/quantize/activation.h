/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calibrators: from a tensor's statistics to its scale and zero point. Activations are u8,
 * asymmetric: code = clamp(rint(x / scale) + zero_point, 0, 255), and 0 has a code of its own, for
 * padding.
 */
#ifndef OCTET_COMPILER_QUANTIZE_ACTIVATION_H
#define OCTET_COMPILER_QUANTIZE_ACTIVATION_H

#include "compiler/calibrate/histogram.h"

struct oct_coding {
    float scale;
    int zero_point;
};

enum oct_calibrator { OCT_CALIBRATOR_MSE, OCT_CALIBRATOR_MINMAX };

/* False when there is no calibrator of that name. NULL is the default, "mse". */
bool oct_calibrator_parse(const char *name, enum oct_calibrator *calibrator);
const char *oct_calibrator_name(enum oct_calibrator calibrator);

/* The coding that spans [low, high], widened to contain 0. A span of 0 gets scale 1/255. */
struct oct_coding oct_coding_of_range(double low, double high);

/* What a calibrator makes of a tensor's statistics. */
struct oct_coding oct_calibrate_tensor(enum oct_calibrator calibrator,
                                       const struct oct_histogram *histogram);

/* Sum over the histogram of count * (x - decoded(code(x)))^2 at bin centres, with the exact
 * rounding. */
double oct_coding_squared_error(const struct oct_histogram *histogram, struct oct_coding coding);

#endif
