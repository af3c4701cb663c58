/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a detector's head reads, of the student and of its teacher: the outputs of backbone and neck
 * that all boxes and classes of a level come from. Of few bits they are learnt from beside the
 * head's outputs: as many numbers as they are keep a small set of pictures from being learnt by
 * heart (FitNets: Romero et al., ICLR 2015).
 */
#ifndef OCTET_TRAIN_FEATURE_MATCH_H
#define OCTET_TRAIN_FEATURE_MATCH_H

#include "train/train_plan.h"

/* The layer whose output both branches of a level of the head read, with nothing beside it; -1:
 * there is none. */
int oct_level_layer(const struct oct_train_plan *plan, int level);

/* The mean square of what `count` values are off, by the variance of the teacher's, times `weight`;
 * its gradient is added. */
double oct_match_feature(const float *teacher, const float *values, size_t count, double weight,
                         float *gradient);

#endif
