/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/quantize/activation.h"

#include <math.h>
#include <string.h>

#define CANDIDATES 96 /* of the high end, evenly spaced over [0.05, 1.00] of the span */
#define LOWEST_SHARE 0.05

static const char *const names[] = {"mse", "minmax"};

bool oct_calibrator_parse(const char *name, enum oct_calibrator *calibrator)
{
    for (int i = 0; i < 2; i++) {
        if (!name || strcmp(name, names[i]) == 0) {
            *calibrator = (enum oct_calibrator)i;
            return true;
        }
    }
    return false;
}

const char *oct_calibrator_name(enum oct_calibrator calibrator)
{
    return names[calibrator];
}

struct oct_coding oct_coding_of_range(double low, double high)
{
    low = low < 0.0 ? low : 0.0;
    high = high > 0.0 ? high : 0.0;
    const double span = high - low;
    const float scale = (float)(span / 255.0);
    if (!(scale >= 1e-30f)) /* nothing but zeros, or too little to count */
        return (struct oct_coding){1.0f / 255.0f, 0};
    const double zero_point = rint(-low / (double)scale);
    return (struct oct_coding){scale, (int)(zero_point < 0.0     ? 0.0
                                            : zero_point > 255.0 ? 255.0
                                                                 : zero_point)};
}

/*
 * Within one code's cell the decoded value is constant, so the sum over its bins is worked out from
 * the bin's centres: sum n (x - d)^2. Walking the bins once costs one rounding a bin.
 */
double oct_coding_squared_error(const struct oct_histogram *histogram, struct oct_coding coding)
{
    const double width = oct_histogram_width(histogram);
    const float inverse = 1.0f / coding.scale;
    const float lowest = (float)-coding.zero_point, highest = (float)(255 - coding.zero_point);
    double error = 0.0;
    for (int i = histogram->first; i < histogram->last; i++) {
        const uint64_t count = histogram->bins[i];
        if (count == 0)
            continue;
        const double x = ((double)(i - OCT_HISTOGRAM_HALF) + 0.5) * width;
        float code = rintf((float)x * inverse);
        code = code < lowest ? lowest : code > highest ? highest : code;
        const double difference = x - (double)code * (double)coding.scale;
        error += (double)count * difference * difference;
    }
    return error;
}

static struct oct_coding least_squared_error(const struct oct_histogram *histogram)
{
    const double low = histogram->minimum < 0.0f ? (double)histogram->minimum : 0.0;
    const double span = (double)histogram->maximum - low;
    struct oct_coding best = oct_coding_of_range(low, (double)histogram->maximum);
    double least = oct_coding_squared_error(histogram, best);
    for (int i = 0; i < CANDIDATES && span > 0.0; i++) {
        const double share = LOWEST_SHARE + (1.0 - LOWEST_SHARE) * i / (CANDIDATES - 1);
        const struct oct_coding coding = oct_coding_of_range(low, low + span * share);
        const double error = oct_coding_squared_error(histogram, coding);
        if (error < least) {
            least = error;
            best = coding;
        }
    }
    return best;
}

struct oct_coding oct_calibrate_tensor(enum oct_calibrator calibrator,
                                       const struct oct_histogram *histogram)
{
    if (calibrator == OCT_CALIBRATOR_MSE)
        return least_squared_error(histogram);
    return oct_coding_of_range((double)histogram->minimum, (double)histogram->maximum);
}
