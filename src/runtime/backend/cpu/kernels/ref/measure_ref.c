/* SPDX-License-Identifier: Apache-2.0 */
/* What calibration sees of floats: ranges and sums of channels, and histograms' bins. */
#include "runtime/backend/cpu/kernels/ref/ref.h"

bool oct_measure_channel_ref(const struct oct_measures *seen, const struct oct_pixel_run *run,
                             int channel, float low, float high)
{
    float minimum = seen->minimum[channel], maximum = seen->maximum[channel];
    float sum = seen->sum[channel], square = seen->square[channel];
    const float *value = run->values + channel;
    for (int x = 0; x < run->count; x++, value += run->stride) {
        minimum = *value < minimum ? *value : minimum;
        maximum = *value > maximum ? *value : maximum;
        sum += *value;
        square += *value * *value;
    }
    seen->minimum[channel] = minimum;
    seen->maximum[channel] = maximum;
    seen->sum[channel] = sum;
    seen->square[channel] = square;
    return minimum >= low && maximum < high && sum * 0.0f == 0.0f;
}

bool oct_measure_ref(const struct oct_measures *seen, const struct oct_pixel_run *run, float low,
                     float high)
{
    bool fit = true;
    for (int c = 0; c < run->channels; c++)
        fit = oct_measure_channel_ref(seen, run, c, low, high) && fit;
    return fit;
}

/* The product is exact, but for an underflow, which gives the whole number 0. */
void oct_count_bins_ref(const struct oct_bins *bins, const float *values, size_t count,
                        uint32_t *counts)
{
    for (size_t i = 0; i < count; i++) {
        const int whole = (int)(values[i] * bins->inverse);
        counts[whole - (values[i] < (float)whole * bins->width) + bins->middle]++;
    }
}
