/* SPDX-License-Identifier: Apache-2.0 */
/* Estimates what coding costs from counts of codes: spread, rounding, and the tails at both
 * ends. */
#include "compiler/quantize/code_noise.h"

#include <math.h>
#include <string.h>

#include "base/exponential.h"

#define LAST (OCT_CODES - 1)
#define BOUNDED_BELOW 64 /* zero points under it: the first code is no end of a tail */
#define TAIL_GROWTH 4    /* codes before the end that hold so many times its values */
#define DECIBELS (10.0 / 2.3025850929940457) /* of a natural logarithm */
#define ROUNDING (1.0 / 12.0)                /* variance of a uniform error of one code */

void oct_codes_of(const struct oct_histogram *histogram, struct oct_quantization coding,
                  uint64_t *counts)
{
    const double width = oct_histogram_width(histogram);
    memset(counts, 0, OCT_CODES * sizeof *counts);
    for (int i = histogram->first; i < histogram->last; i++) {
        const double x = oct_histogram_middle(i, width);
        const double code = rint(x / (double)coding.scale) + coding.zero_point;
        counts[code < 0.0 ? 0 : code > LAST ? LAST : (int)code] += histogram->bins[i];
    }
}

static uint64_t total_of(const uint64_t *counts)
{
    uint64_t total = 0;
    for (int i = 0; i < OCT_CODES; i++)
        total += counts[i];
    return total;
}

double oct_codes_clipped(const uint64_t *counts, int zero_point)
{
    const uint64_t total = total_of(counts);
    const uint64_t ends = counts[LAST] + (zero_point < BOUNDED_BELOW ? 0 : counts[0]);
    return total ? (double)ends / (double)total : 0.0;
}

/* Sum of squared errors of the values at the end `at`, whose neighbours lie in direction `step`. */
static double clipped_error(const uint64_t *counts, int at, int step)
{
    const double end = (double)counts[at];
    double sum = end, scale = LAST;
    for (int distance = 1; counts[at] && distance <= LAST; distance++) {
        sum += (double)counts[at + step * distance];
        if (sum >= TAIL_GROWTH * end) {
            scale = distance / oct_logarithm(sum / end);
            break;
        }
    }
    return 2.0 * end * scale * scale;
}

double oct_codes_noise(const uint64_t *counts, int zero_point)
{
    const double total = (double)total_of(counts);
    double sum = 0.0, square = 0.0;
    if (total == 0.0)
        return 0.0;
    for (int i = 0; i < OCT_CODES; i++) {
        sum += (double)i * (double)counts[i];
        square += (double)i * (double)i * (double)counts[i];
    }
    const double mean = sum / total;
    const double variance = fmax(square / total - mean * mean, ROUNDING);
    double error = total * ROUNDING + clipped_error(counts, LAST, -1);
    if (zero_point >= BOUNDED_BELOW)
        error += clipped_error(counts, 0, 1);
    return DECIBELS * oct_logarithm(error / total / variance);
}

int oct_codes_unused(const uint64_t *counts)
{
    int unused = 0;
    for (int i = 0; i < OCT_CODES; i++)
        unused += counts[i] == 0;
    return unused;
}
