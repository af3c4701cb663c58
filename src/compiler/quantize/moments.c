/* SPDX-License-Identifier: Apache-2.0 */
/* Means and deviations of channels, from a tensor's statistics. */
#include "compiler/quantize/moments.h"

#include <math.h>

struct oct_moments oct_moments_of(const struct oct_tensor_record *record, int channel)
{
    const double count = (double)record->histogram.count / record->channels;
    if (!(count > 0.0))
        return (struct oct_moments){0.0, 0.0};
    const double mean = oct_sum_value(record->channel_sum[channel]) / count;
    const double square = oct_sum_value(record->channel_square[channel]) / count;
    return (struct oct_moments){mean, square > mean * mean ? sqrt(square - mean * mean) : 0.0};
}
