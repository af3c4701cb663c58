/* SPDX-License-Identifier: Apache-2.0 */
/* Counts times in buckets, by single additions to shared numbers. */
#include "watch/outputs/latency_histogram.h"

#include <math.h>

#define US_PER_MS 1e3
#define LONGEST_MS 1e12 /* of which a sum has room for thousands */

static const double bounds_ms[LATENCY_STEPS] = {1,   2,   5,    10,   20,   50,   100,
                                                200, 500, 1000, 2000, 5000, 10000};

double latency_bound_ms(int bucket)
{
    return bucket < LATENCY_STEPS ? bounds_ms[bucket] : INFINITY;
}

void latency_add(struct latency_histogram *histogram, double milliseconds)
{
    int bucket = 0;
    if (isnan(milliseconds))
        return;
    milliseconds = fmin(fmax(milliseconds, 0), LONGEST_MS);
    while (bucket < LATENCY_STEPS && milliseconds > bounds_ms[bucket])
        bucket++;
    const uint_fast64_t us = (uint_fast64_t)llround(milliseconds * US_PER_MS);
    atomic_fetch_add_explicit(&histogram->sum_us, us, memory_order_relaxed);
    uint_fast64_t longest = atomic_load_explicit(&histogram->longest_us, memory_order_relaxed);
    while (us > longest && !atomic_compare_exchange_weak(&histogram->longest_us, &longest, us))
        ;
    atomic_fetch_add_explicit(&histogram->bucket[bucket], 1, memory_order_relaxed);
}

void latency_read(struct latency_histogram *histogram, struct latency_counts *counts)
{
    *counts = (struct latency_counts){0};
    for (int i = 0; i <= LATENCY_STEPS; i++) {
        counts->bucket[i] = atomic_load_explicit(&histogram->bucket[i], memory_order_relaxed);
        counts->total += counts->bucket[i];
    }
    counts->sum_ms = (double)atomic_load(&histogram->sum_us) / US_PER_MS;
    counts->longest_ms = (double)atomic_load(&histogram->longest_us) / US_PER_MS;
}

double latency_percentile_ms(const struct latency_counts *counts, double percent)
{
    const double rank = percent / 100 * (double)counts->total;
    double below = 0;
    for (int i = 0; i < LATENCY_STEPS; i++) {
        const double here = (double)counts->bucket[i];
        if (here > 0 && below + here >= rank) {
            const double low = i ? bounds_ms[i - 1] : 0;
            const double time = low + (bounds_ms[i] - low) * fmax(rank - below, 0) / here;
            return fmin(time, counts->longest_ms);
        }
        below += here;
    }
    return counts->longest_ms;
}
