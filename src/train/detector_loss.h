/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YOLOv8's own loss of a picture with labels: binary cross-entropy of all classes at all cells to
 * the targets of task_alignment.h, and, for cells that a box was given to, by its target, one less
 * the complete IoU, and the distribution focal loss of each side. Weights of the three are 0.5, 7.5
 * and 1.5, as Ultralytics publishes them. Sources: Feng et al., ICCV 2021 (TOOD); Zheng et al.,
 * AAAI 2020 (CIoU); Li et al., NeurIPS 2020 (generalized focal loss).
 */
#ifndef OCTET_TRAIN_DETECTOR_LOSS_H
#define OCTET_TRAIN_DETECTOR_LOSS_H

#include "network/network.h"
#include "train/distillation.h"
#include "train/task_alignment.h"

#define OCT_LOSS_CLASSES 0.5
#define OCT_LOSS_BOXES 7.5
#define OCT_LOSS_DISTRIBUTIONS 1.5

/* What it works with; all but levels and labels is scratch of as many as all levels have cells. */
struct oct_labelled_picture {
    const struct oct_head *head; /* of distributions */
    int level_count;
    const struct oct_distilled_level *levels; /* teachers' are not read */
    const struct oct_network_size *sizes;     /* [levels], in cells */
    const struct oct_label *labels;
    size_t label_count;
    struct oct_predicted_cell *cells;
    struct oct_alignment *alignments;
    double *scratch; /* 3 a cell */
};

/* False: the head is of another kind, or has more bins than are thought of. */
bool oct_has_detector_loss(const struct oct_head *head);

/* Sets the gradients of all levels; adds the loss, and to `confidence` the sum of the targets, by
 * which a batch's loss and gradients are divided (at least 1). */
void oct_detector_loss(const struct oct_labelled_picture *picture, struct oct_distilled *sum);

#endif
