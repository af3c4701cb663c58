/* SPDX-License-Identifier: Apache-2.0 */
/* What a series of latencies says: figures, drift, and bars for people. */
#include "bench/bench_statistics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/allocate.h"
#include "app/median.h"
#include "app/terminal_text.h"

#define DRIFT_SAMPLES_MIN 9 /* three in each third */
#define HISTOGRAM_STEPS 12
#define BAR_COLUMNS 48
#define BAR_COLUMNS_LEAST 4
#define ROW_COLUMNS 37 /* what else stands in a row: two latencies and a count */

/* The smallest sample that at least `share` of all do not exceed. */
static double percentile(const double *sorted, size_t count, double share)
{
    size_t rank = (size_t)ceil(share * (double)count);
    return sorted[rank ? rank - 1 : 0];
}

static double drift_of(const double *samples, size_t count)
{
    if (count < DRIFT_SAMPLES_MIN)
        return NAN;
    size_t third = count / 3;
    double *copy = app_alloc(third, sizeof *copy), medians[2];
    for (int last = 0; last < 2; last++) {
        memcpy(copy, samples + (last ? count - third : 0), third * sizeof *copy);
        medians[last] = median_of(copy, third);
    }
    free(copy);
    return medians[1] / medians[0] - 1;
}

struct latency latency_of(double *samples, size_t streams, size_t stride, size_t count)
{
    double sum = 0, drift = drift_of(samples, count);
    for (size_t i = 1; i < streams; i++)
        memmove(samples + i * count, samples + i * stride, count * sizeof *samples);
    count *= streams;
    const double median = median_of(samples, count); /* they are sorted from here on */
    for (size_t i = 0; i < count; i++)
        sum += samples[i];
    struct latency latency = {.median = median,
                              .mean = sum / (double)count,
                              .p10 = percentile(samples, count, 0.10),
                              .p90 = percentile(samples, count, 0.90),
                              .p99 = percentile(samples, count, 0.99),
                              .minimum = samples[0],
                              .maximum = samples[count - 1],
                              .drift = drift};
    latency.spread = (latency.p90 - latency.p10) / latency.median;
    latency.reliable =
        latency.spread <= SPREAD_STEADY && (isnan(drift) || fabs(drift) <= DRIFT_STEADY);
    return latency;
}

static size_t bar_columns(void)
{
    int room = terminal_columns(STDOUT_FILENO);
    if (room == 0 || room >= ROW_COLUMNS + BAR_COLUMNS)
        return BAR_COLUMNS;
    return room < ROW_COLUMNS + BAR_COLUMNS_LEAST ? BAR_COLUMNS_LEAST
                                                  : (size_t)(room - ROW_COLUMNS);
}

static void print_bar(size_t count, size_t most)
{
    size_t columns = (count * bar_columns() + most - 1) / most;
    for (size_t i = 0; i < columns; i++)
        putchar('#');
    printf("%s%zu\n", columns ? " " : "", count);
}

void print_histogram(const double *samples, size_t count, const struct latency *latency)
{
    size_t bins[HISTOGRAM_STEPS + 1] = {0}, most = 1;
    double step = (latency->p99 - latency->minimum) / HISTOGRAM_STEPS;
    for (size_t i = 0; i < count; i++) {
        double at = step > 0 ? (samples[i] - latency->minimum) / step : 0;
        size_t bin = samples[i] > latency->p99 ? HISTOGRAM_STEPS : (size_t)at;
        if (bin == HISTOGRAM_STEPS && samples[i] <= latency->p99)
            bin--;
        bins[bin]++;
    }
    for (size_t i = 0; i <= HISTOGRAM_STEPS; i++)
        most = bins[i] > most ? bins[i] : most;
    for (size_t i = 0; i < HISTOGRAM_STEPS && (step > 0 || i == 0); i++) {
        double from = latency->minimum + step * (double)i;
        printf("%9.3f to %9.3f ms  ", from, from + step);
        print_bar(bins[i], most);
    }
    if (bins[HISTOGRAM_STEPS] > 0) {
        printf("    up to %9.3f ms  ", latency->maximum);
        print_bar(bins[HISTOGRAM_STEPS], most);
    }
}
