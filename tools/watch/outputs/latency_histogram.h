/* SPDX-License-Identifier: Apache-2.0 */
/* Times from a millisecond to ten seconds, counted in steps of about 1, 2 and 5. */
#ifndef TOOLS_LATENCY_HISTOGRAM_H
#define TOOLS_LATENCY_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

#define LATENCY_STEPS 13 /* 1, 2, 5, 10, ... 10,000 ms; one bucket more is for what is longer */

/* Zeroed it is empty. Any thread may add and read, and none waits. */
struct latency_histogram {
    atomic_uint_fast64_t bucket[LATENCY_STEPS + 1];
    atomic_uint_fast64_t sum_us, longest_us;
};

/* What was in one at a time. */
struct latency_counts {
    uint64_t bucket[LATENCY_STEPS + 1]; /* times up to its bound, and above the one before */
    uint64_t total;                     /* of all buckets */
    double sum_ms, longest_ms;
};

/* The upper bound of a bucket, which belongs to it; of the last one it is infinite. */
double latency_bound_ms(int bucket);

/* Counts a time; below 0 is 0, and what is no number is left out. */
void latency_add(struct latency_histogram *histogram, double milliseconds);

void latency_read(struct latency_histogram *histogram, struct latency_counts *counts);

/* About the time that `percent` (0 to 100) in a hundred do not pass: as Prometheus'
 * histogram_quantile() has it, in equal parts within a bucket, and never above the longest one. 0
 * where there are none. */
double latency_percentile_ms(const struct latency_counts *counts, double percent);

#endif
