/* SPDX-License-Identifier: Apache-2.0 */
/* What a series of latencies says, and whether it can be trusted. */
#ifndef TOOLS_BENCH_STATISTICS_H
#define TOOLS_BENCH_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>

/* A series is steady when its spread and its drift are at most this. */
#define SPREAD_STEADY 0.10
#define DRIFT_STEADY 0.05

struct latency {
    double median, mean, p10, p90, p99, minimum, maximum; /* ms */
    double spread; /* (p90 - p10) / median: other work on the machine, a changing clock */
    /* median of the last third of the runs / of the first third - 1:
     * above 0 the machine slowed down; NAN with fewer than 9 runs */
    double drift;
    bool reliable; /* both within the limits; a drift that is not known counts as none */
};

/* Of samples in the order of time, `count` >= 1 of each of `streams` series one behind the other,
 * `stride` apart. Sorts them all to the front, streams * count of them. */
struct latency latency_of(double *samples, size_t streams, size_t stride, size_t count);

/* Prints how often which latency came, as lines of bars: equal steps up to p99, then the rest. The
 * samples are sorted. */
void print_histogram(const double *samples, size_t count, const struct latency *latency);

#endif
