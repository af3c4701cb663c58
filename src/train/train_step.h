/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A student learns from its teacher, the same network in float, or from labels: batches of
 * pictures, each run by one thread, whose gradients are added in the pictures' order, then a step
 * of the optimiser. The same bytes come out for any number of threads.
 */
#ifndef OCTET_TRAIN_TRAIN_STEP_H
#define OCTET_TRAIN_TRAIN_STEP_H

#include "base/threads.h"
#include "train/adam.h"
#include "train/student.h"
#include "train/task_alignment.h"

struct oct_rates {
    double weights, biases, scales;
};

struct oct_trainer;

struct oct_trainer_settings {
    struct oct_student *student;
    struct oct_threads *threads;
    struct oct_quantization picture; /* what the picture is rounded to; scale 0: not at all */
    bool has_labels;                 /* the loss is that of labels, and there is no teacher */
};

octet_status oct_trainer_create(octet_context *ctx, const struct oct_trainer_settings *settings,
                                struct oct_trainer **trainer);
void oct_trainer_free(octet_context *ctx, struct oct_trainer **trainer);

/* A picture of a batch: RGB bytes, row after row. */
struct oct_lesson {
    const uint8_t *rgb;
    bool is_flipped;                /* left is right, of labels as well */
    const struct oct_label *labels; /* where the loss is of labels */
    size_t label_count;
};

/* One step: number `step` from 0 on, at so much of the rates. `*loss` is the batch's, by the
 * teacher's confidence. Fails with OCTET_INTERNAL and a message where oneDNN does, and with
 * OCTET_UNSUPPORTED_MODEL where the loss is not finite: then nothing was changed. */
octet_status oct_trainer_step(struct oct_trainer *trainer, const struct oct_lesson *lessons,
                              int count, const struct oct_rates *rates, long step, double *loss);

/* What goes on with the student's values: the optimiser's moments, as many each. */
struct oct_adam_moments oct_trainer_moments(const struct oct_trainer *trainer);

/* Makes codes and packed weights of the student's values, after they were set. */
octet_status oct_trainer_refresh(struct oct_trainer *trainer);

#endif
