/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a detector's head reads, of the student and of its teacher: the outputs of backbone and neck
 * that all boxes and classes of a level come from. Of few bits they are learnt from beside the
 * head's outputs: as many numbers as they are keep a small set of pictures from being learnt by
 * heart (FitNets: Romero et al., ICLR 2015).
 */
#ifndef OCTET_TRAIN_FEATURE_MATCH_H
#define OCTET_TRAIN_FEATURE_MATCH_H

#include "train/train_pass.h"

/* The layer whose output both branches of a level of the head read, with nothing beside it; -1:
 * there is none. */
int oct_level_layer(const struct oct_train_plan *plan, int level);

/* The mean square of what `count` values are off, times `weight`; its gradient is added. */
double oct_match_feature(const float *teacher, const float *values, size_t count, double weight,
                         float *gradient);

/* What the teacher says of a batch, before anything is learnt from it: how sure it is of what it
 * sees, and how far what its head reads spreads. */
struct oct_feature_survey {
    const struct oct_train_plan *plan;
    int layers[OCT_HEAD_OUTPUTS_MAX / 2], layer_count; /* that are compared */
    struct oct_surveyed_picture *pictures;
    int picture_count;
    size_t room;
    double *weights; /* [layers of the network] */
};

octet_status oct_feature_survey_open(octet_context *ctx, const struct oct_train_plan *plan,
                                     struct oct_feature_survey *survey);
void oct_feature_survey_close(octet_context *ctx, struct oct_feature_survey *survey);

/* Makes room for a batch. */
octet_status oct_feature_survey_begin(octet_context *ctx, struct oct_feature_survey *survey,
                                      int pictures);

/* One picture, after a pass without codes; by any thread. */
void oct_feature_survey_add(struct oct_feature_survey *survey, int picture,
                            const struct oct_train_pass *pass);

/* `weights` of what is compared, so that over the batch's confidence the mean square of what a
 * picture's values are off by the teacher's variance in the batch counts `weight` times, and all
 * pictures alike. */
void oct_feature_survey_weigh(struct oct_feature_survey *survey, double weight);

#endif
