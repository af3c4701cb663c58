/* SPDX-License-Identifier: Apache-2.0 */
/* Counting values into bins that widen, and merging exactly. */
#include "compiler/calibrate/histogram.h"

#include <math.h>
#include <string.h>

#include "runtime/backend/cpu/kernels/ref/ref.h"

void oct_histogram_init(struct oct_histogram *histogram, uint64_t *bins)
{
    *histogram = (struct oct_histogram){.bins = bins,
                                        .exponent = OCT_HISTOGRAM_EXPONENT_MIN,
                                        .first = OCT_HISTOGRAM_HALF,
                                        .last = OCT_HISTOGRAM_HALF};
}

double oct_histogram_width(const struct oct_histogram *histogram)
{
    return ldexp(1.0, histogram->exponent);
}

/* Arithmetic of bins relative to 0, so that halving rounds down on both sides. */
static int halved(int bin)
{
    const int relative = bin - OCT_HISTOGRAM_HALF;
    return (relative >= 0 ? relative / 2 : -((1 - relative) / 2)) + OCT_HISTOGRAM_HALF;
}

static void join_neighbours(struct oct_histogram *histogram)
{
    uint64_t *bins = histogram->bins;
    for (int i = OCT_HISTOGRAM_HALF; i < histogram->last;
         i++) { /* targets never lie beyond sources */
        const uint64_t moved = bins[i];
        bins[i] = 0;
        bins[halved(i)] += moved;
    }
    for (int i = OCT_HISTOGRAM_HALF - 1; i >= histogram->first; i--) {
        const uint64_t moved = bins[i];
        bins[i] = 0;
        bins[halved(i)] += moved;
    }
    if (histogram->last > histogram->first) {
        histogram->first = halved(histogram->first);
        histogram->last = halved(histogram->last - 1) + 1;
    }
    histogram->exponent++;
}

static bool fits(const struct oct_histogram *histogram, float value)
{
    const double bin = floor(ldexp((double)value, -histogram->exponent));
    return bin >= -OCT_HISTOGRAM_HALF && bin < OCT_HISTOGRAM_HALF;
}

void oct_histogram_widen(struct oct_histogram *histogram, float minimum, float maximum)
{
    while (!fits(histogram, minimum) || !fits(histogram, maximum))
        join_neighbours(histogram);
    /* + 0.0f: of -0 and 0, which are equal, the same one whichever came first */
    if (histogram->count == 0 || minimum < histogram->minimum)
        histogram->minimum = minimum + 0.0f;
    if (histogram->count == 0 || maximum > histogram->maximum)
        histogram->maximum = maximum + 0.0f;
}

#define SKIPPED 8 /* counts that are looked at together, two at a time */

static bool all_zero(const uint32_t counts[SKIPPED])
{
    uint64_t pairs[SKIPPED / 2], any = 0;
    memcpy(pairs, counts, sizeof pairs);
    for (int i = 0; i < SKIPPED / 2; i++)
        any |= pairs[i];
    return any == 0;
}

void oct_histogram_take(struct oct_histogram *histogram, uint32_t *counts, int first, int last)
{
    uint64_t *bins = histogram->bins, taken = 0;
    if (last <= first)
        return;
    for (int i = first, end; i < last; i = end) {
        end = i + SKIPPED < last ? i + SKIPPED : last;
        if (end - i == SKIPPED && all_zero(counts + i)) /* most are */
            continue;
        for (int b = i; b < end; b++) {
            bins[b] += counts[b];
            taken += counts[b];
            counts[b] = 0;
        }
    }
    histogram->count += taken;
    const bool was_empty = histogram->last <= histogram->first;
    histogram->first = was_empty || first < histogram->first ? first : histogram->first;
    histogram->last = was_empty || last > histogram->last ? last : histogram->last;
}

int oct_histogram_bin(const struct oct_histogram *histogram, float value)
{
    return (int)floor(ldexp((double)value, -histogram->exponent)) + OCT_HISTOGRAM_HALF;
}

struct oct_bins oct_histogram_bins(const struct oct_histogram *histogram)
{
    return (struct oct_bins){(float)ldexp(1.0, histogram->exponent),
                             (float)ldexp(1.0, -histogram->exponent), OCT_HISTOGRAM_HALF};
}

void oct_histogram_count(const struct oct_histogram *histogram, const float *values, size_t count,
                         uint32_t *counts)
{
    const struct oct_bins bins = oct_histogram_bins(histogram);
    oct_count_bins_ref(&bins, values, count, counts);
}

void oct_histogram_merge_times(struct oct_histogram *histogram, const struct oct_histogram *other,
                               uint64_t times)
{
    if (other->count == 0)
        return;
    const bool was_empty = histogram->count == 0;
    oct_histogram_widen(histogram, other->minimum, other->maximum);
    while (histogram->exponent < other->exponent)
        join_neighbours(histogram);
    const int shift = histogram->exponent - other->exponent;
    for (int i = other->first; i < other->last; i++) {
        int to = i;
        for (int s = 0; s < shift && to != OCT_HISTOGRAM_HALF && to != OCT_HISTOGRAM_HALF - 1; s++)
            to = halved(to);
        histogram->bins[to] += times * other->bins[i];
    }
    histogram->count += times * other->count;
    const int first = oct_histogram_bin(histogram, other->minimum);
    const int last = oct_histogram_bin(histogram, other->maximum) + 1;
    histogram->first = was_empty || first < histogram->first ? first : histogram->first;
    histogram->last = was_empty || last > histogram->last ? last : histogram->last;
}

void oct_histogram_merge(struct oct_histogram *histogram, const struct oct_histogram *other)
{
    oct_histogram_merge_times(histogram, other, 1);
}

double oct_histogram_spread(const struct oct_histogram *histogram)
{
    const double width = oct_histogram_width(histogram), count = (double)histogram->count;
    double sum = 0.0, square = 0.0;
    for (int i = histogram->first; i < histogram->last; i++) {
        const double x = oct_histogram_middle(i, width);
        sum += (double)histogram->bins[i] * x;
        square += (double)histogram->bins[i] * x * x;
    }
    return count > 0.0 ? square - sum / count * sum : 0.0;
}
