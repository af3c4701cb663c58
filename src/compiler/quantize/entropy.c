/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/quantize/entropy.h"

#include <math.h>

void oct_entropy_expand(const double *reference, int bins, int levels, double *expanded)
{
    for (int k = 0; k < levels; k++) {
        const int begin = (int)((int64_t)k * bins / levels);
        const int end = (int)((int64_t)(k + 1) * bins / levels);
        double sum = 0.0;
        int filled = 0;
        for (int i = begin; i < end; i++) {
            sum += reference[i];
            filled += reference[i] > 0.0;
        }
        for (int i = begin; i < end; i++)
            expanded[i] = reference[i] > 0.0 ? sum / filled : 0.0;
    }
}

double oct_entropy_divergence(const double *counts, int total, int bins, int levels,
                              double *scratch)
{
    double inside = 0.0, beyond = 0.0, divergence = 0.0;
    for (int i = 0; i < bins; i++)
        inside += counts[i];
    for (int i = bins; i < total; i++)
        beyond += counts[i];
    if (!(inside > 0.0))
        return INFINITY;
    oct_entropy_expand(counts, bins, levels, scratch);
    for (int i = 0; i < bins; i++) {
        const double p = (counts[i] + (i == bins - 1 ? beyond : 0.0)) / (inside + beyond);
        const double q = scratch[i] / inside;
        if (p > 0.0 && !(q > 0.0))
            return INFINITY;
        if (p > 0.0)
            divergence += p * log(p / q);
    }
    return divergence;
}

int oct_entropy_best_bins(const double *counts, int total, int levels, double *scratch)
{
    int best = total;
    double least = INFINITY;
    for (int bins = levels; bins <= total; bins++) {
        const double divergence = oct_entropy_divergence(counts, total, bins, levels, scratch);
        if (divergence < least) {
            least = divergence;
            best = bins;
        }
    }
    return best;
}

/* Magnitudes in equal bins over [0, amax]; a fine bin is counted where its centre lies. */
static void count_magnitudes(const struct oct_histogram *histogram, double amax, double *counts)
{
    const double width = oct_histogram_width(histogram);
    for (int i = 0; i < OCT_ENTROPY_BINS; i++)
        counts[i] = 0.0;
    for (int i = histogram->first; i < histogram->last; i++) {
        const double magnitude = fabs((i - OCT_HISTOGRAM_HALF + 0.5) * width);
        const int bin = (int)fmin(magnitude / amax * OCT_ENTROPY_BINS, OCT_ENTROPY_BINS - 1);
        counts[bin] += (double)histogram->bins[i];
    }
}

double oct_entropy_threshold(const struct oct_histogram *histogram)
{
    double counts[OCT_ENTROPY_BINS], scratch[OCT_ENTROPY_BINS];
    const double amax = fmax(-(double)histogram->minimum, (double)histogram->maximum);
    if (!(amax > 0.0))
        return 0.0;
    count_magnitudes(histogram, amax, counts);
    const int bins = oct_entropy_best_bins(counts, OCT_ENTROPY_BINS, OCT_ENTROPY_LEVELS, scratch);
    return (bins + 0.5) * amax / OCT_ENTROPY_BINS;
}
