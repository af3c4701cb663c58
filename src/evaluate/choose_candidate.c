/* SPDX-License-Identifier: Apache-2.0 */
/* The choice of an engine by what was measured of each: the fastest that agrees with FP32. */
#include "evaluate/choose_candidate.h"

/* How much slower than FP32 BF16 may be, within which both are as fast: it is half as large. */
#define AS_FAST 1.02

static int agrees(const octet_candidate *candidate, double min_agreement)
{
    const int is_known = candidate->agreement >= 0.0; /* not so for NaN */
    return candidate->precision == OCTET_PRECISION_FP32 || !is_known ||
           candidate->agreement >= min_agreement;
}

/* Whether `a` is to be preferred to `b`, which agrees as well. */
static int is_faster(const octet_candidate *a, const octet_candidate *b)
{
    const int smaller =
        a->precision == OCTET_PRECISION_BF16 && b->precision == OCTET_PRECISION_FP32;
    return a->time < (smaller ? AS_FAST : 1.0) * b->time;
}

int oct_choose_candidate(octet_candidate *candidates, int count, double min_agreement)
{
    int best = -1;
    for (int i = count - 1; i >= 0; i--) {
        candidates[i].agrees = agrees(&candidates[i], min_agreement);
        if (candidates[i].agrees && (best < 0 || is_faster(&candidates[i], &candidates[best])))
            best = i;
    }
    return best;
}
