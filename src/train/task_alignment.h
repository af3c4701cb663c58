/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which cells are to predict which labelled box: task-aligned assignment. A cell whose middle lies
 * in a box is aligned to it by score^0.5 * CIoU^6, the score being the box's class' and the CIoU
 * that of the predicted box; the ten best cells of each box are its own, and a cell of several goes
 * to that of the highest CIoU. Source: Feng et al., "TOOD: Task-aligned One-stage Object
 * Detection", ICCV 2021; CIoU: Zheng et al., AAAI 2020.
 */
#ifndef OCTET_TRAIN_TASK_ALIGNMENT_H
#define OCTET_TRAIN_TASK_ALIGNMENT_H

#include <stdbool.h>
#include <stddef.h>

#define OCT_ALIGNED_MOST 10
#define OCT_ALIGNED_SCORE_POWER 0.5
#define OCT_ALIGNED_OVERLAP_POWER 6

/* A labelled box in pixels of the network's input. */
struct oct_label {
    int class_index;
    float corners[4]; /* x1, y1, x2, y2 */
};

/* What a cell predicts. */
struct oct_predicted_cell {
    float x, y;          /* its middle, in pixels */
    float corners[4];    /* of its box, in pixels */
    const float *logits; /* [classes] */
};

struct oct_alignment {
    int label;    /* of the cell; -1: background */
    float target; /* the score that its class should have, 0 to 1 */
};

/* `alignments` takes as many as there are cells; `scratch` has room for 3 numbers a cell. */
void oct_assign_cells(const struct oct_predicted_cell *cells, size_t cell_count,
                      const struct oct_label *labels, size_t label_count, double *scratch,
                      struct oct_alignment *alignments);

/* Complete IoU of a box and one that it should be; with its derivatives by the corners of the first
 * (NULL: not wanted), in which the weight of the ratio of sides is a constant, as in the paper. */
double oct_complete_iou(const double is[4], const double wanted[4], double slopes[4]);

#endif
