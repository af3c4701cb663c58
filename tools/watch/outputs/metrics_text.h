/* SPDX-License-Identifier: Apache-2.0 */
/* Writes what Prometheus reads, its text format 0.0.4. */
#ifndef TOOLS_METRICS_TEXT_H
#define TOOLS_METRICS_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "watch/outputs/latency_histogram.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum metrics_kind { METRICS_COUNTER, METRICS_GAUGE, METRICS_HISTOGRAM };

/* A name of letters, digits and '_'; the value is any text: what must be is escaped, and bytes that
 * are no UTF-8 become U+FFFD. */
struct metrics_label {
    const char *name, *value;
};

/* Zeroed it is empty. */
struct metrics_text {
    char *bytes;
    size_t length, room;
    const char *name; /* of the metric that is being written */
};

/* Begins a metric, whose samples follow. A metric is begun once in a text; a counter's name ends
 * with "_total", one of times with "_seconds". `name` must outlive the samples. */
void metrics_begin(struct metrics_text *text, enum metrics_kind kind, const char *name,
                   const char *help);

/* Adds a sample with `count` labels; no two of a metric have the same labels. */
void metrics_number(struct metrics_text *text, const struct metrics_label *labels, size_t count,
                    double value);
void metrics_integer(struct metrics_text *text, const struct metrics_label *labels, size_t count,
                     uint64_t value);

/* Adds all samples of a histogram, in seconds. */
void metrics_latencies(struct metrics_text *text, const struct metrics_label *labels, size_t count,
                       const struct latency_counts *latencies);

/* The text, the caller's to free, and its length; `text` is empty again. */
char *metrics_take(struct metrics_text *text, size_t *length);

#endif
