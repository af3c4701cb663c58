/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far a detector is from its teacher, without labels: binary cross-entropy of every class at
 * every cell to the teacher's probability, and what boxes are off, by the teacher's confidence
 * (its largest class) at the cell. Boxes of distributions: the Kullback-Leibler divergence of each
 * side's; of distances: Huber's loss (1964), in cells.
 */
#ifndef OCTET_TRAIN_DISTILLATION_H
#define OCTET_TRAIN_DISTILLATION_H

#include "network/network.h"
#include "train/kernels/train_kernels.h"

/* One level of a head, as values of cells one after another; `box_gradient` and `class_gradient`
 * are set. */
struct oct_distilled_level {
    size_t cells;
    const float *boxes, *classes;                 /* what is trained */
    const float *teacher_boxes, *teacher_classes; /* what it is to be */
    float *box_gradient, *class_gradient;
};

struct oct_distilled {
    double loss;       /* sum over cells */
    double confidence; /* sum over cells of the teacher's: what a batch's sum is divided by */
};

#define OCT_CONFIDENCE_LEAST 1.0 /* of a batch, where its loss is divided by it */

/* False: the head is of a kind that cannot be distilled. */
bool oct_can_distill(const struct oct_head *head);

/* The sum over cells of the largest class. */
double oct_confidence(const float *classes, size_t cells, int class_count);

/* Adds a level's. */
void oct_distill(const struct oct_train_kernels *kernels, const struct oct_head *head,
                 const struct oct_distilled_level *level, struct oct_distilled *sum);

#endif
