/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/quantize/activation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/quantize/entropy.h"

#define CANDIDATES 96 /* of the high end, evenly spaced over [0.05, 1.00] of the span */
#define LOWEST_SHARE 0.05

bool oct_calibrator_parse(const char *name, struct oct_calibrator *calibrator)
{
    static const char *const names[] = {"mse", "minmax", "percentile", "entropy", "minmax-trt"};
    *calibrator = (struct oct_calibrator){OCT_CALIBRATOR_MSE, OCT_PERCENTILE_DEFAULT};
    for (int i = 0; i < 5; i++) {
        if (!name || strcmp(name, names[i]) == 0) {
            calibrator->kind = (enum oct_calibrator_kind)i;
            return true;
        }
    }
    char *end;
    if (strncmp(name, "percentile:", 11) != 0)
        return false;
    calibrator->kind = OCT_CALIBRATOR_PERCENTILE;
    calibrator->percentile = strtod(name + 11, &end);
    return end != name + 11 && *end == '\0' && calibrator->percentile > 50.0 &&
           calibrator->percentile <= 100.0;
}

struct oct_quantization oct_coding_of_range(double low, double high)
{
    low = low < 0.0 ? low : 0.0;
    high = high > 0.0 ? high : 0.0;
    const double span = high - low;
    const float scale = (float)(span / 255.0);
    if (!(scale >= 1e-30f)) /* nothing but zeros, or too little to count */
        return (struct oct_quantization){1.0f / 255.0f, 0};
    const double zero_point = rint(-low / (double)scale);
    return (struct oct_quantization){scale, (int)(zero_point < 0.0     ? 0.0
                                                  : zero_point > 255.0 ? 255.0
                                                                       : zero_point)};
}

/*
 * Within one code's cell the decoded value is constant, so the sum over its bins is worked out from
 * the bin's centres: sum n (x - d)^2. Walking the bins once costs one rounding a bin.
 */
double oct_coding_squared_error(const struct oct_histogram *histogram,
                                struct oct_quantization coding)
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

static struct oct_quantization least_squared_error(const struct oct_histogram *histogram)
{
    const double low = histogram->minimum < 0.0f ? (double)histogram->minimum : 0.0;
    const double span = (double)histogram->maximum - low;
    struct oct_quantization best = oct_coding_of_range(low, (double)histogram->maximum);
    double least = oct_coding_squared_error(histogram, best);
    for (int i = 0; i < CANDIDATES && span > 0.0; i++) {
        const double share = LOWEST_SHARE + (1.0 - LOWEST_SHARE) * i / (CANDIDATES - 1);
        const struct oct_quantization coding = oct_coding_of_range(low, low + span * share);
        const double error = oct_coding_squared_error(histogram, coding);
        if (error < least) {
            least = error;
            best = coding;
        }
    }
    return best;
}

/* The value below which `share` of all that was counted lies: the upper edge of its bin, or the
 * maximum. */
static double quantile(const struct oct_histogram *histogram, double share)
{
    const double wanted = share * (double)histogram->count;
    double below = 0.0;
    for (int i = histogram->first; i < histogram->last; i++) {
        below += (double)histogram->bins[i];
        if (below >= wanted)
            return fmin((i + 1 - OCT_HISTOGRAM_HALF) * oct_histogram_width(histogram),
                        (double)histogram->maximum);
    }
    return (double)histogram->maximum;
}

struct oct_quantization oct_coding_of_magnitude(double amax)
{
    const float scale = (float)(amax / 127.0);
    if (!(scale >= 1e-30f))
        return (struct oct_quantization){1.0f / 255.0f, 0};
    return (struct oct_quantization){scale, 128};
}

struct oct_quantization oct_calibrate_tensor(const struct oct_calibrator *calibrator,
                                             const struct oct_histogram *histogram)
{
    const double minimum = (double)histogram->minimum, maximum = (double)histogram->maximum;
    switch (calibrator->kind) {
    case OCT_CALIBRATOR_MSE:
        return least_squared_error(histogram);
    case OCT_CALIBRATOR_MINMAX:
        return oct_coding_of_range(minimum, maximum);
    case OCT_CALIBRATOR_PERCENTILE:
        return oct_coding_of_range(
            fmax(quantile(histogram, 1.0 - calibrator->percentile / 100.0), minimum),
            quantile(histogram, calibrator->percentile / 100.0));
    case OCT_CALIBRATOR_ENTROPY:
        return oct_coding_of_magnitude(oct_entropy_threshold(histogram));
    case OCT_CALIBRATOR_MINMAX_TRT:
        break;
    }
    return oct_coding_of_magnitude(fmax(-minimum, maximum));
}
