/* SPDX-License-Identifier: Apache-2.0 */
/* The median of a series of times. */
#include "app/median.h"

#include <stdlib.h>

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double median_of(double *samples, size_t count)
{
    qsort(samples, count, sizeof *samples, compare_doubles);
    return (samples[(count - 1) / 2] + samples[count / 2]) / 2;
}
