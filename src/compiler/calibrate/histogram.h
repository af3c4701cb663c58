/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A signed histogram that needs no range beforehand and merges exactly. Bins are 2^exponent wide
 * and aligned at 0; when a value does not fit, neighbours are joined and the exponent grows.
 * floor(floor(x / w) / 2) = floor(x / 2w), so the result depends on the values alone: not on their
 * order, nor on how they were spread over files that are merged.
 */
#ifndef OCTET_COMPILER_CALIBRATE_HISTOGRAM_H
#define OCTET_COMPILER_CALIBRATE_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/backend/cpu/kernels/kernels.h"

#define OCT_HISTOGRAM_HALF 16384 /* bins on each side of 0 */
#define OCT_HISTOGRAM_BINS (2 * OCT_HISTOGRAM_HALF)
#define OCT_HISTOGRAM_EXPONENT_MIN (-60)

struct oct_histogram {
    uint64_t *bins; /* OCT_HISTOGRAM_BINS; bin i holds [i - HALF, i - HALF + 1) * 2^exponent */
    int exponent;
    int first, last; /* bins outside [first, last) are empty */
    uint64_t count;
    float minimum, maximum; /* 0 and 0 while count is 0 */
};

/* `bins` has OCT_HISTOGRAM_BINS zeros and stays the caller's. */
void oct_histogram_init(struct oct_histogram *histogram, uint64_t *bins);

double oct_histogram_width(const struct oct_histogram *histogram);

/* The middle of a bin of bins of that width. */
static inline double oct_histogram_middle(int bin, double width)
{
    return ((double)(bin - OCT_HISTOGRAM_HALF) + 0.5) * width;
}

/* Joins bins until values from `minimum` to `maximum` (finite) fit, and counts them in as seen. */
void oct_histogram_widen(struct oct_histogram *histogram, float minimum, float maximum);

/* Counts of values that fit, in bins of this histogram's width, are added: `counts` has
 * OCT_HISTOGRAM_BINS entries, of which those of [first, last) are looked at and set to 0. */
void oct_histogram_take(struct oct_histogram *histogram, uint32_t *counts, int first, int last);

/* Its bins as kernels have them. */
struct oct_bins oct_histogram_bins(const struct oct_histogram *histogram);

/* Counts `count` values into `counts`; all lie in the range that the histogram was widened for. */
void oct_histogram_count(const struct oct_histogram *histogram, const float *values, size_t count,
                         uint32_t *counts);

/* The bin of a value that fits. */
int oct_histogram_bin(const struct oct_histogram *histogram, float value);

/* Sum of the squared distances of values from their mean, at the middles of bins. */
double oct_histogram_spread(const struct oct_histogram *histogram);

/* Adds another histogram to this one, as if all values had been counted here, every one `times`
 * times. */
void oct_histogram_merge_times(struct oct_histogram *histogram, const struct oct_histogram *other,
                               uint64_t times);
void oct_histogram_merge(struct oct_histogram *histogram, const struct oct_histogram *other);

#endif
