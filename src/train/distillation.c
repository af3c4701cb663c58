/* SPDX-License-Identifier: Apache-2.0 */
/* The loss of a detector against its teacher, and its gradients. */
#include "train/distillation.h"

#include <math.h>

#include "base/exponential.h"
#include "runtime/head/heads.h"

#define SIDES 4

bool oct_can_distill(const struct oct_head *head)
{
    return head->kind == &oct_head_yolov8 || head->kind == &oct_head_yolo26;
}

static float confidence_of(const float *logits, int count)
{
    float highest = logits[0];
    for (int i = 1; i < count; i++)
        highest = logits[i] > highest ? logits[i] : highest;
    return oct_sigmoid(highest);
}

/* Of the distances of one cell. */
static double huber(const float *is, const float *teacher, float weight, float *gradient)
{
    double loss = 0.0;
    for (int side = 0; side < SIDES; side++) {
        const float off = is[side] - teacher[side], size = fabsf(off);
        loss += size < 1.0f ? 0.5 * (double)off * (double)off : (double)size - 0.5;
        gradient[side] = weight * (size < 1.0f ? off : off > 0.0f ? 1.0f : -1.0f);
    }
    return (double)weight * loss;
}

double oct_confidence(const float *classes, size_t cells, int class_count)
{
    double sum = 0.0;
    for (size_t cell = 0; cell < cells; cell++)
        sum += (double)confidence_of(classes + cell * (size_t)class_count, class_count);
    return sum;
}

void oct_distill(const struct oct_train_kernels *kernels, const struct oct_head *head,
                 const struct oct_distilled_level *level, struct oct_distilled *sum)
{
    const size_t classes = (size_t)head->class_count;
    const bool has_bins = head->kind == &oct_head_yolov8;
    const size_t bins = has_bins ? (size_t)head->of.yolov8.reg_max : 1;
    sum->loss += kernels->classes(level->classes, level->teacher_classes, level->cells * classes,
                                  level->class_gradient);
    for (size_t cell = 0; cell < level->cells; cell++) {
        const float weight =
            confidence_of(level->teacher_classes + cell * classes, head->class_count);
        sum->confidence += (double)weight;
        const size_t at = cell * SIDES * bins;
        for (size_t side = 0; has_bins && side < SIDES; side++)
            sum->loss += kernels->distribution(level->boxes + at + side * bins,
                                               level->teacher_boxes + at + side * bins, bins,
                                               weight, level->box_gradient + at + side * bins);
        if (!has_bins)
            sum->loss += huber(level->boxes + at, level->teacher_boxes + at, weight,
                               level->box_gradient + at);
    }
}
