/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/quantize/symmetric.h"

#include <math.h>

#include "compiler/quantize/entropy.h"

#define CANDIDATES 96
#define LOWEST_SHARE 0.05

float oct_symmetric_scale(double magnitude)
{
    const float scale = (float)(magnitude / 127.0);
    return scale >= 1e-30f ? scale : 1.0f / 127.0f;
}

double oct_symmetric_error(const struct oct_histogram *histogram, float scale)
{
    const struct oct_quantization coding = {scale, 128};
    return histogram->count ? oct_coding_squared_error(histogram, coding) / (double)histogram->count
                            : 0.0;
}

static double least_squared_error(const struct oct_histogram *histogram, double largest)
{
    double best = largest, least = oct_symmetric_error(histogram, oct_symmetric_scale(largest));
    for (int i = 0; i < CANDIDATES - 1; i++) {
        const double magnitude =
            largest * (LOWEST_SHARE + (1.0 - LOWEST_SHARE) * i / (CANDIDATES - 1));
        const double error = oct_symmetric_error(histogram, oct_symmetric_scale(magnitude));
        if (error < least) {
            least = error;
            best = magnitude;
        }
    }
    return best;
}

double oct_symmetric_magnitude(const struct oct_calibrator *calibrator,
                               const struct oct_histogram *histogram)
{
    const double largest = fmax(-(double)histogram->minimum, (double)histogram->maximum);
    if (!(largest > 0.0))
        return 0.0;
    switch (calibrator->kind) {
    case OCT_CALIBRATOR_MSE:
        return least_squared_error(histogram, largest);
    case OCT_CALIBRATOR_PERCENTILE: {
        const struct oct_quantization c = oct_calibrate_tensor(calibrator, histogram);
        return (double)c.scale * fmax(c.zero_point, 255 - c.zero_point);
    }
    case OCT_CALIBRATOR_ENTROPY:
        return oct_entropy_threshold(histogram);
    case OCT_CALIBRATOR_MINMAX:
    case OCT_CALIBRATOR_MINMAX_TRT:
        break;
    }
    return largest;
}

double oct_symmetric_clipped(const struct oct_histogram *histogram, float scale)
{
    const double width = oct_histogram_width(histogram), limit = 127.0 * (double)scale;
    double beyond = 0.0;
    if (histogram->count == 0 ||
        fmax(-(double)histogram->minimum, (double)histogram->maximum) <= limit * (1.0 + 1e-6))
        return 0.0;
    for (int i = histogram->first; i < histogram->last; i++)
        if (fabs(((double)(i - OCT_HISTOGRAM_HALF) + 0.5) * width) > limit)
            beyond += (double)histogram->bins[i];
    return beyond / (double)histogram->count;
}
