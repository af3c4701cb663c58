/* SPDX-License-Identifier: Apache-2.0 */
/* The median of a series of times. */
#ifndef TOOLS_MEDIAN_H
#define TOOLS_MEDIAN_H

#include <stddef.h>

/* The median of `count` >= 1 samples; sorts them. */
double median_of(double *samples, size_t count);

#endif
