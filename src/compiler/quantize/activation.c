/* SPDX-License-Identifier: Apache-2.0 */
/* Calibrators: from what was seen of a tensor to the span that codes are to have, of engines
 * (asymmetric, or as TensorRT's calibrators) and of files whose codes are symmetric. */
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

/* The scale of which `steps` make a span, or 0: nothing but zeros, or too little to count. */
static float scale_of(double span, int steps)
{
    const float scale = (float)(span / steps);
    return scale >= OCT_SCALE_MIN ? scale : 0.0f;
}

struct oct_quantization oct_coding_of_range(double low, double high)
{
    low = low < 0.0 ? low : 0.0;
    high = high > 0.0 ? high : 0.0;
    const float scale = scale_of(high - low, 255);
    if (scale == 0.0f)
        return OCT_CODING_OF_NOTHING;
    const double zero_point = rint(-low / (double)scale);
    return (struct oct_quantization){scale, (int)(zero_point < 0.0     ? 0.0
                                                  : zero_point > 255.0 ? 255.0
                                                                       : zero_point)};
}

struct oct_quantization oct_coding_of_magnitude(double amax)
{
    const float scale = scale_of(amax, 127);
    return scale == 0.0f ? OCT_CODING_OF_NOTHING : (struct oct_quantization){scale, 128};
}

float oct_symmetric_scale(double magnitude)
{
    const float scale = scale_of(magnitude, 127);
    return scale == 0.0f ? OCT_SYMMETRIC_SCALE_OF_NOTHING : scale;
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
        const double x = oct_histogram_middle(i, width);
        float code = rintf((float)x * inverse);
        code = code < lowest ? lowest : code > highest ? highest : code;
        const double difference = x - (double)code * (double)coding.scale;
        error += (double)count * difference * difference;
    }
    return error;
}

double oct_symmetric_error(const struct oct_histogram *histogram, float scale)
{
    const struct oct_quantization coding = {scale, 128};
    return histogram->count ? oct_coding_squared_error(histogram, coding) / (double)histogram->count
                            : 0.0;
}

static double largest_magnitude(const struct oct_histogram *histogram)
{
    return fmax(-(double)histogram->minimum, (double)histogram->maximum);
}

/* ---- the search ---- */

/* The values that codes are to tell apart. */
struct span {
    double low, high;
};

enum form {
    ASYMMETRIC, /* codes of [low, high] */
    SYMMETRIC   /* codes of [-high, high], whatever `low` is */
};

static double error_of(const struct oct_histogram *histogram, enum form form, struct span span)
{
    const struct oct_quantization coding =
        form == SYMMETRIC ? (struct oct_quantization){oct_symmetric_scale(span.high), 128}
                          : oct_coding_of_range(span.low, span.high);
    return oct_coding_squared_error(histogram, coding);
}

/* The high end between that of `whole` and a twentieth of it whose codes have least squared error;
 * the first one of equals, but that of `whole` before all others. */
static struct span least_squared_error(const struct oct_histogram *histogram, enum form form,
                                       struct span whole)
{
    struct span best = whole;
    double least = error_of(histogram, form, whole);
    for (int i = 0; i < CANDIDATES && whole.high > whole.low; i++) {
        const double share = LOWEST_SHARE + (1.0 - LOWEST_SHARE) * i / (CANDIDATES - 1);
        const struct span span = {whole.low, whole.low + (whole.high - whole.low) * share};
        const double error = error_of(histogram, form, span);
        if (error < least) {
            least = error;
            best = span;
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

/*
 * What a calibrator spans, for codes of that form. The form decides for MSE alone: symmetric codes
 * waste what lies on the side of the smaller values, so that another end is the best.
 */
static struct span find_span(const struct oct_calibrator *calibrator,
                             const struct oct_histogram *histogram, enum form form)
{
    const double minimum = (double)histogram->minimum, maximum = (double)histogram->maximum;
    const double largest = largest_magnitude(histogram), share = calibrator->percentile / 100.0;
    switch (calibrator->kind) {
    case OCT_CALIBRATOR_MSE:
        return least_squared_error(histogram, form,
                                   (struct span){form == SYMMETRIC ? 0.0 : fmin(minimum, 0.0),
                                                 form == SYMMETRIC ? largest : maximum});
    case OCT_CALIBRATOR_MINMAX:
        return (struct span){minimum, maximum};
    case OCT_CALIBRATOR_PERCENTILE:
        return (struct span){fmax(quantile(histogram, 1.0 - share), minimum),
                             quantile(histogram, share)};
    case OCT_CALIBRATOR_ENTROPY:
        return (struct span){0.0, oct_entropy_threshold(histogram)};
    case OCT_CALIBRATOR_MINMAX_TRT:
        break;
    }
    return (struct span){0.0, largest};
}

struct oct_quantization oct_calibrate_tensor(const struct oct_calibrator *calibrator,
                                             const struct oct_histogram *histogram)
{
    const bool is_symmetric =
        calibrator->kind == OCT_CALIBRATOR_ENTROPY || calibrator->kind == OCT_CALIBRATOR_MINMAX_TRT;
    const struct span span =
        find_span(calibrator, histogram, is_symmetric ? SYMMETRIC : ASYMMETRIC);
    return is_symmetric ? oct_coding_of_magnitude(span.high)
                        : oct_coding_of_range(span.low, span.high);
}

/* Both ends of percentiles are seen as the asymmetric codes of them have them: whole codes from 0,
 * so up to half a code more. */
double oct_symmetric_magnitude(const struct oct_calibrator *calibrator,
                               const struct oct_histogram *histogram)
{
    const struct span span = find_span(calibrator, histogram, SYMMETRIC);
    if (calibrator->kind != OCT_CALIBRATOR_PERCENTILE)
        return fmax(-span.low, span.high);
    if (scale_of(fmax(span.high, 0.0) - fmin(span.low, 0.0), 255) == 0.0f)
        return 0.0;
    const struct oct_quantization coding = oct_coding_of_range(span.low, span.high);
    return (double)coding.scale * fmax(coding.zero_point, 255 - coding.zero_point);
}

double oct_symmetric_clipped(const struct oct_histogram *histogram, float scale)
{
    const double width = oct_histogram_width(histogram), limit = 127.0 * (double)scale;
    double beyond = 0.0;
    if (histogram->count == 0 || largest_magnitude(histogram) <= limit * (1.0 + 1e-6))
        return 0.0;
    for (int i = histogram->first; i < histogram->last; i++)
        if (fabs(oct_histogram_middle(i, width)) > limit)
            beyond += (double)histogram->bins[i];
    return beyond / (double)histogram->count;
}
