/* SPDX-License-Identifier: Apache-2.0 */
/* Gives labelled boxes the cells that predict them best. */
#include "train/task_alignment.h"

#include <math.h>
#include <string.h>

#include "base/exponential.h"

/* A cell's middle is in a box when it is so far from its sides, in pixels. */
#define INSIDE 1e-9

struct aligning {
    const struct oct_predicted_cell *cells;
    size_t count;
    struct oct_alignment *alignments;
    double *metrics;  /* of one label */
    double *overlaps; /* of one label */
    double *best;     /* of each cell's label: CIoU */
};

static bool is_inside(const struct oct_predicted_cell *cell, const struct oct_label *label)
{
    const float *c = label->corners;
    const double least = fmin(fmin((double)(cell->x - c[0]), (double)(cell->y - c[1])),
                              fmin((double)(c[2] - cell->x), (double)(c[3] - cell->y)));
    return least > INSIDE;
}

static double overlap_of(const struct oct_predicted_cell *cell, const struct oct_label *label)
{
    double is[4], wanted[4];
    for (int i = 0; i < 4; i++) {
        is[i] = (double)cell->corners[i];
        wanted[i] = (double)label->corners[i];
    }
    return fmax(oct_complete_iou(wanted, is, NULL), 0.0);
}

static void measure(struct aligning *a, const struct oct_label *label)
{
    for (size_t i = 0; i < a->count; i++) {
        a->metrics[i] = a->overlaps[i] = 0.0;
        if (!is_inside(&a->cells[i], label))
            continue;
        const double score = (double)oct_sigmoid(a->cells[i].logits[label->class_index]);
        a->overlaps[i] = overlap_of(&a->cells[i], label);
        a->metrics[i] =
            pow(score, OCT_ALIGNED_SCORE_POWER) * pow(a->overlaps[i], OCT_ALIGNED_OVERLAP_POWER);
    }
}

/* The best aligned cell that is not taken yet, the first of equal ones; a->count: there is none. */
static size_t find_next(const struct aligning *a, const size_t *taken, int count)
{
    size_t best = a->count;
    for (size_t i = 0; i < a->count; i++) {
        bool is_new = a->metrics[i] > 0.0 && (best == a->count || a->metrics[i] > a->metrics[best]);
        for (int k = 0; k < count && is_new; k++)
            is_new = taken[k] != i;
        if (is_new)
            best = i;
    }
    return best;
}

/* The best cells of a label are its own, unless another's suits them better. */
static void claim(struct aligning *a, int label)
{
    size_t taken[OCT_ALIGNED_MOST];
    for (int k = 0; k < OCT_ALIGNED_MOST; k++) {
        const size_t cell = find_next(a, taken, k);
        if (cell == a->count)
            return;
        taken[k] = cell;
        if (a->alignments[cell].label < 0 || a->overlaps[cell] > a->best[cell]) {
            a->alignments[cell].label = label;
            a->best[cell] = a->overlaps[cell];
        }
    }
}

/* A label's cells are to have its class with the share of the best alignment that theirs is, times
 * the highest CIoU. */
static void set_targets(struct aligning *a, int index)
{
    double metric = 0.0, overlap = 0.0;
    for (size_t i = 0; i < a->count; i++)
        if (a->alignments[i].label == index) {
            metric = fmax(metric, a->metrics[i]);
            overlap = fmax(overlap, a->overlaps[i]);
        }
    for (size_t i = 0; i < a->count; i++)
        if (a->alignments[i].label == index)
            a->alignments[i].target = (float)(a->metrics[i] * overlap / (metric + INSIDE));
}

void oct_assign_cells(const struct oct_predicted_cell *cells, size_t cell_count,
                      const struct oct_label *labels, size_t label_count, double *scratch,
                      struct oct_alignment *alignments)
{
    struct aligning a = {.cells = cells,
                         .count = cell_count,
                         .alignments = alignments,
                         .metrics = scratch,
                         .overlaps = scratch + cell_count,
                         .best = scratch + 2 * cell_count};
    for (size_t i = 0; i < cell_count; i++)
        alignments[i] = (struct oct_alignment){-1, 0.0f};
    for (size_t l = 0; l < label_count; l++) {
        measure(&a, &labels[l]);
        claim(&a, (int)l);
    }
    for (size_t l = 0; l < label_count; l++) {
        measure(&a, &labels[l]);
        set_targets(&a, (int)l);
    }
}
