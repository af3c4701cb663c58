/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sums that do not depend on their order: whole numbers of 128 bits. What one picture adds is cut
 * off at OCT_SUM_PICTURE_MAX, and pictures are at most OCT_IMAGES_MAX, so that no sum of any number
 * of files overflows: nothing saturates on the way.
 */
#ifndef OCTET_COMPILER_CALIBRATE_EXACT_SUMS_H
#define OCTET_COMPILER_CALIBRATE_EXACT_SUMS_H

#include <math.h>
#include <stdint.h>

__extension__ typedef __int128 oct_sum;

#define OCT_SUM_UNIT 1024.0         /* one is 1/1024 */
#define OCT_SUM_PICTURE_MAX 0x1p80  /* of one picture, in OCT_SUM_UNIT */
#define OCT_IMAGES_MAX 4294967296.0 /* of one part of statistics */

/* What a picture adds for a sum that may be infinite, but is a number. */
static inline oct_sum oct_sum_of(double value)
{
    const double scaled = rint(value * OCT_SUM_UNIT);
    return (oct_sum)fmax(fmin(scaled, OCT_SUM_PICTURE_MAX), -OCT_SUM_PICTURE_MAX);
}

/* Whether so many pictures can have given a sum. */
static inline int oct_sum_fits(oct_sum sum, int64_t images)
{
    const oct_sum most = (oct_sum)images * (oct_sum)OCT_SUM_PICTURE_MAX;
    return sum <= most && sum >= -most;
}

/* As a real number. */
static inline double oct_sum_value(oct_sum sum)
{
    return (double)sum / OCT_SUM_UNIT;
}

#endif
