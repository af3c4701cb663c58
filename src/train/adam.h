/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The optimiser: Adam (Kingma and Ba, ICLR 2015) without decay of weights, which with it is AdamW
 * (Loshchilov and Hutter, ICLR 2019); rates rise linearly for the first twentieth of all steps and
 * fall by a cosine to nothing.
 */
#ifndef OCTET_TRAIN_ADAM_H
#define OCTET_TRAIN_ADAM_H

#include <stddef.h>

#define OCT_ADAM_BETA1 0.9
#define OCT_ADAM_BETA2 0.99
#define OCT_ADAM_EPSILON 1e-8

struct oct_adam_moments {
    float *mean, *square; /* zeros at first */
};

/* Step `step` (from 1 on) of `count` values, whose gradients are multiplied by `factor` first. */
void oct_adam(const struct oct_adam_moments *moments, double rate, long step, double factor,
              const float *gradients, size_t count, float *values);

/* The share of the rate at a step of [0, steps). */
double oct_rate_share(long step, long steps);

#endif
