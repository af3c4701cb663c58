/* SPDX-License-Identifier: Apache-2.0 */
/* The choice of an engine by what was measured of each. */
#ifndef OCTET_EVALUATE_CHOOSE_CANDIDATE_H
#define OCTET_EVALUATE_CHOOSE_CANDIDATE_H

#include <octet/evaluate.h>

/* See octet_choose_candidate(). */
int oct_choose_candidate(octet_candidate *candidates, int count, double min_agreement);

#endif
