/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/quantize/weights.h"

#include <math.h>
#include <stddef.h>

static int8_t code_of(double value)
{
    const double code = rint(value);
    return (int8_t)(code > 127.0 ? 127.0 : code < -127.0 ? -127.0 : code);
}

void oct_quantize_weights(const struct oct_weights_shape *shape, const float *weights,
                          const float *input_scales, int8_t *codes, float *scales)
{
    const size_t count = (size_t)shape->inputs * (size_t)shape->taps;
    for (int n = 0; n < shape->outputs; n++) {
        const float *w = weights + (size_t)n * count;
        int8_t *code = codes + (size_t)n * count;
        double largest = 0.0;
        for (size_t i = 0; i < count; i++)
            largest =
                fmax(largest, fabs((double)w[i] * (double)input_scales[i / (size_t)shape->taps]));
        const float scale = (float)(largest / 127.0);
        scales[n] = scale >= 1e-30f ? scale : 1.0f;
        for (size_t i = 0; i < count; i++)
            code[i] = code_of((double)w[i] * (double)input_scales[i / (size_t)shape->taps] /
                              (double)scales[n]);
    }
}
