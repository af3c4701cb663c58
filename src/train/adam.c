/* SPDX-License-Identifier: Apache-2.0 */
/* Adam's steps, and how their rates change. */
#include "train/adam.h"

#include <math.h>

#define WARMING 20 /* a share of 1 in so many steps */

void oct_adam(const struct oct_adam_moments *moments, double rate, long step, double factor,
              const float *gradients, size_t count, float *values)
{
    const float beta1 = (float)OCT_ADAM_BETA1, beta2 = (float)OCT_ADAM_BETA2;
    const float by = (float)factor, epsilon = (float)OCT_ADAM_EPSILON;
    const float mean_share = (float)(1.0 / (1.0 - pow(OCT_ADAM_BETA1, (double)step)));
    const float square_share = (float)(1.0 / (1.0 - pow(OCT_ADAM_BETA2, (double)step)));
    const float down = (float)rate;
    for (size_t i = 0; i < count; i++) {
        const float g = gradients[i] * by;
        moments->mean[i] = beta1 * moments->mean[i] + (1.0f - beta1) * g;
        moments->square[i] = beta2 * moments->square[i] + (1.0f - beta2) * (g * g);
        const float size = sqrtf(moments->square[i] * square_share) + epsilon;
        values[i] -= down * (moments->mean[i] * mean_share) / size;
    }
}

double oct_rate_share(long step, long steps)
{
    const long warming = steps / WARMING > 0 ? steps / WARMING : 1;
    const double warm = (double)(step + 1) / (double)warming;
    return (warm < 1.0 ? warm : 1.0) * 0.5 *
           (1.0 + cos(3.14159265358979323846 * (double)step / (double)steps));
}
