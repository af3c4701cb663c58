/* SPDX-License-Identifier: Apache-2.0 */
/* A strict reader of Prometheus' text format 0.0.4, written from its description. */
#ifndef TESTS_OUTPUT_EXPOSITION_H
#define TESTS_OUTPUT_EXPOSITION_H

#include <stddef.h>

#define EXPOSITION_SAMPLES_MAX 256

struct exposition_sample {
    char name[64];
    char labels[256]; /* NAME=VALUE;... in their order, values as they are meant */
    double value;
};

struct exposition {
    struct exposition_sample sample[EXPOSITION_SAMPLES_MAX];
    size_t count;
};

/* Reads a text, and fails the test at the first thing that is against the format: names, escapes,
 * TYPE and HELP once and before the samples, samples of a metric together and no two alike,
 * counters that end with _total, buckets that only grow and end with +Inf, which is _count. */
void exposition_read(struct exposition *exposition, const char *text);

/* The value of a sample; fails where there is none. */
double exposition_value(const struct exposition *exposition, const char *name, const char *labels);

#endif
