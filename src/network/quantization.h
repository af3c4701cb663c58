/* SPDX-License-Identifier: Apache-2.0 */
/* The one description of how values become codes of 8 bits. */
#ifndef OCTET_NETWORK_QUANTIZATION_H
#define OCTET_NETWORK_QUANTIZATION_H

#include <math.h>
#include <stdbool.h>

/* To a code: clamp(rint(value / scale) + zero_point, 0, 255), to nearest even; the value of a code:
 * scale * (code - zero_point). Signed codes are these less 128. Scale 0: not quantised. */
struct oct_quantization {
    float scale;
    int zero_point;
};

/* The picture's: code 255 is 1. */
static const struct oct_quantization oct_picture_quantization = {1.0f / 255.0f, 0};

/* Scales that files may have: their products and inverses are normal floats. */
#define OCT_SCALE_MIN 1e-30f
#define OCT_SCALE_MAX 1e30f

static inline bool oct_is_quantized(struct oct_quantization quantization)
{
    return quantization.scale > 0.0f;
}

static inline bool oct_same_quantization(struct oct_quantization a, struct oct_quantization b)
{
    return a.scale == b.scale && a.zero_point == b.zero_point;
}

static inline bool oct_scale_valid(float scale)
{
    return scale >= OCT_SCALE_MIN && scale <= OCT_SCALE_MAX;
}

static inline bool oct_quantization_valid(struct oct_quantization quantization)
{
    return oct_scale_valid(quantization.scale) && quantization.zero_point >= 0 &&
           quantization.zero_point <= 255;
}

/* The code of a value, less its zero point: by division, as QuantizeLinear defines it. Kernels
 * multiply by the inverse scale instead (requantize.h). */
static inline double oct_quantization_steps(float value, struct oct_quantization quantization)
{
    const double steps = rint((double)(value / quantization.scale));
    const double low = -quantization.zero_point, high = 255 - quantization.zero_point;
    return steps < low ? low : steps > high ? high : steps;
}

#endif
