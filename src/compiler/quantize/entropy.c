/* SPDX-License-Identifier: Apache-2.0 */
/* The search for the threshold of least divergence. */
#include "compiler/quantize/entropy.h"

#include <math.h>

#include "base/exponential.h"

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
            divergence += p * oct_logarithm(p / q);
    }
    return divergence;
}

/* Sums over the bins before each, so that a group costs the same whatever its width. */
struct prefix {
    double count[OCT_ENTROPY_BINS + 1];
    double count_log[OCT_ENTROPY_BINS + 1]; /* of count * log(count) */
    int filled[OCT_ENTROPY_BINS + 1];
};

static void add_up(const double *counts, int total, struct prefix *prefix)
{
    prefix->count[0] = prefix->count_log[0] = 0.0;
    prefix->filled[0] = 0;
    for (int i = 0; i < total; i++) {
        const bool filled = counts[i] > 0.0;
        prefix->count[i + 1] = prefix->count[i] + counts[i];
        prefix->count_log[i + 1] =
            prefix->count_log[i] + (filled ? counts[i] * oct_logarithm(counts[i]) : 0.0);
        prefix->filled[i + 1] = prefix->filled[i] + filled;
    }
}

/* As oct_entropy_divergence(), from prefix sums: with total mass T, sum inside I, and group sums S
 * of f filled bins, T KL = sum c log c - sum S log(S / f) + (mass) (log I - log T), the last bin
 * apart for the folded mass. */
static double divergence_of(const double *counts, const struct prefix *prefix, int total, int bins,
                            int levels)
{
    const double inside = prefix->count[bins], all = prefix->count[total], beyond = all - inside;
    const double last = counts[bins - 1];
    if (!(inside > 0.0) || (last <= 0.0 && beyond > 0.0))
        return INFINITY;
    double sum = prefix->count_log[bins], level = 0.0;
    for (int k = 0; k < levels; k++) {
        const int begin = (int)((int64_t)k * bins / levels);
        const int end = (int)((int64_t)(k + 1) * bins / levels);
        const double mass = prefix->count[end] - prefix->count[begin];
        const int filled = prefix->filled[end] - prefix->filled[begin];
        if (filled == 0)
            continue;
        level = oct_logarithm(mass / filled);
        sum -= mass * level;
    }
    if (beyond > 0.0) /* `level` is the last group's: the last bin is filled */
        sum += (last + beyond) * oct_logarithm(last + beyond) - last * oct_logarithm(last) -
               beyond * level;
    return sum / all + oct_logarithm(inside) - oct_logarithm(all);
}

int oct_entropy_best_bins(const double *counts, int total, int levels)
{
    struct prefix prefix;
    int best = total;
    double least = INFINITY;
    add_up(counts, total, &prefix);
    for (int bins = levels; bins <= total; bins++) {
        const double divergence = divergence_of(counts, &prefix, total, bins, levels);
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
    double counts[OCT_ENTROPY_BINS];
    const double amax = fmax(-(double)histogram->minimum, (double)histogram->maximum);
    if (!(amax > 0.0))
        return 0.0;
    count_magnitudes(histogram, amax, counts);
    const int bins = oct_entropy_best_bins(counts, OCT_ENTROPY_BINS, OCT_ENTROPY_LEVELS);
    return (bins + 0.5) * amax / OCT_ENTROPY_BINS;
}
