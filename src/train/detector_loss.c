/* SPDX-License-Identifier: Apache-2.0 */
/* The loss of a detector against labels, and its gradients. */
#include "train/detector_loss.h"

#include <math.h>

#include "base/exponential.h"
#include "runtime/head/heads.h"

#define SIDES 4
/* A side's distance ends so far before its last bin. */
#define ROOM 0.01

/* One cell of a level. */
struct cell {
    const struct oct_labelled_picture *picture;
    int bins, stride;
    const float *logits; /* [4][bins] */
    float *gradient;     /* [4][bins] */
    double middle[2];    /* in cells */
};

#define BINS_MOST 64

bool oct_has_detector_loss(const struct oct_head *head)
{
    return head->kind == &oct_head_yolov8 && head->of.yolov8.reg_max > 1 &&
           head->of.yolov8.reg_max <= BINS_MOST;
}

static void softmax(const float *logits, int count, double *shares)
{
    double highest = (double)logits[0], sum = 0.0;
    for (int i = 1; i < count; i++)
        highest = fmax(highest, (double)logits[i]);
    for (int i = 0; i < count; i++)
        sum += shares[i] = oct_exp((double)logits[i] - highest);
    for (int i = 0; i < count; i++)
        shares[i] /= sum;
}

/* The expectations of the four sides, and of what. */
static void find_distances(const struct cell *cell, double shares[SIDES][BINS_MOST],
                           double distances[SIDES])
{
    for (int side = 0; side < SIDES; side++) {
        softmax(cell->logits + side * cell->bins, cell->bins, shares[side]);
        distances[side] = 0.0;
        for (int i = 0; i < cell->bins; i++)
            distances[side] += shares[side][i] * i;
    }
}

/* In cells. */
static void find_corners(const struct cell *cell, const double distances[SIDES],
                         double corners[SIDES])
{
    for (int side = 0; side < SIDES; side++)
        corners[side] = side < 2 ? cell->middle[side] - distances[side]
                                 : cell->middle[side - 2] + distances[side];
}

static struct cell cell_at(const struct oct_labelled_picture *p, int level, size_t index)
{
    const struct oct_distilled_level *l = &p->levels[level];
    const int bins = p->head->of.yolov8.reg_max, width = p->sizes[level].width;
    const size_t at = index * SIDES * (size_t)bins;
    return (struct cell){
        p,
        bins,
        p->head->outputs[2 * level].stride,
        l->boxes + at,
        l->box_gradient + at,
        {(double)(index % (size_t)width) + 0.5, (double)(index / (size_t)width) + 0.5}};
}

static void predict(const struct oct_labelled_picture *p)
{
    struct oct_predicted_cell *to = p->cells;
    double shares[SIDES][BINS_MOST], distances[SIDES], corners[SIDES];
    for (int level = 0; level < p->level_count; level++)
        for (size_t i = 0; i < p->levels[level].cells; i++, to++) {
            const struct cell cell = cell_at(p, level, i);
            find_distances(&cell, shares, distances);
            find_corners(&cell, distances, corners);
            to->x = (float)(cell.middle[0] * cell.stride);
            to->y = (float)(cell.middle[1] * cell.stride);
            for (int side = 0; side < SIDES; side++)
                to->corners[side] = (float)(corners[side] * cell.stride);
            to->logits = p->levels[level].classes + i * (size_t)p->head->class_count;
        }
}

/* ---- classes ---- */

static double class_losses(const struct oct_labelled_picture *p,
                           const struct oct_distilled_level *level, size_t index,
                           const struct oct_alignment *aligned)
{
    const size_t first = index * (size_t)p->head->class_count;
    const int wanted = aligned->label < 0 ? -1 : p->labels[aligned->label].class_index;
    double loss = 0.0;
    for (int c = 0; c < p->head->class_count; c++) {
        const double y = (double)level->classes[first + (size_t)c];
        const double target = c == wanted ? (double)aligned->target : 0.0;
        loss += fmax(y, 0.0) - y * target + log1p(oct_exp(-fabs(y)));
        level->class_gradient[first + (size_t)c] =
            (float)(OCT_LOSS_CLASSES * (1.0 / (1.0 + oct_exp(-y)) - target));
    }
    return OCT_LOSS_CLASSES * loss;
}

/* ---- boxes ---- */

/* The distribution focal loss of one side: cross-entropy to the two bins around the distance. */
static double focal(const struct cell *cell, int side, const double *shares, double distance,
                    double weight)
{
    const double last = cell->bins - 1 - ROOM;
    const double wanted = distance < 0.0 ? 0.0 : distance > last ? last : distance;
    const int low = (int)wanted;
    const double share[2] = {low + 1 - wanted, wanted - low};
    for (int i = 0; i < cell->bins; i++)
        cell->gradient[side * cell->bins + i] +=
            (float)(weight * (shares[i] - (i == low       ? share[0]
                                           : i == low + 1 ? share[1]
                                                          : 0.0)));
    return -weight * (share[0] * log(shares[low]) + share[1] * log(shares[low + 1]));
}

static double box_losses(const struct cell *cell, const struct oct_label *label, double target)
{
    double shares[SIDES][BINS_MOST], distances[SIDES], is[SIDES], wanted[SIDES], slopes[SIDES];
    find_distances(cell, shares, distances);
    find_corners(cell, distances, is);
    for (int side = 0; side < SIDES; side++)
        wanted[side] = (double)label->corners[side] / cell->stride;
    double loss = OCT_LOSS_BOXES * target * (1.0 - oct_complete_iou(is, wanted, slopes));
    for (int side = 0; side < SIDES; side++) {
        const double outward = side < 2 ? 1.0 : -1.0; /* of 1 - CIoU by the distance */
        const double by = OCT_LOSS_BOXES * target * outward * slopes[side];
        const double to =
            side < 2 ? cell->middle[side] - wanted[side] : wanted[side] - cell->middle[side - 2];
        for (int i = 0; i < cell->bins; i++)
            cell->gradient[side * cell->bins + i] =
                (float)(by * shares[side][i] * (i - distances[side]));
        loss += focal(cell, side, shares[side], to, OCT_LOSS_DISTRIBUTIONS * target / SIDES);
    }
    return loss;
}

void oct_detector_loss(const struct oct_labelled_picture *p, struct oct_distilled *sum)
{
    const struct oct_alignment *aligned = p->alignments;
    size_t cells = 0;
    for (int level = 0; level < p->level_count; level++)
        cells += p->levels[level].cells;
    predict(p);
    oct_assign_cells(p->cells, cells, p->labels, p->label_count, p->scratch, p->alignments);
    for (int level = 0; level < p->level_count; level++)
        for (size_t i = 0; i < p->levels[level].cells; i++, aligned++) {
            const struct cell cell = cell_at(p, level, i);
            sum->loss += class_losses(p, &p->levels[level], i, aligned);
            sum->confidence += (double)aligned->target;
            for (int k = 0; k < SIDES * cell.bins; k++)
                cell.gradient[k] = 0.0f;
            if (aligned->label >= 0)
                sum->loss += box_losses(&cell, &p->labels[aligned->label], (double)aligned->target);
        }
}
