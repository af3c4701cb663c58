/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What training does to each value: activations, rounding to codes, and the way back. One body of
 * plain C is compiled for each instruction set (train_body.h); sums are kept in OCT_SUM_LANES parts
 * whatever the vectors are, so that all give the same bits. Arrays have `count` elements.
 */
#ifndef OCTET_TRAIN_KERNELS_TRAIN_KERNELS_H
#define OCTET_TRAIN_KERNELS_TRAIN_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "network/activations.h"
#include "network/quantization.h"

#define OCT_SUM_LANES 16

/* What stands between a convolution and the codes of its output. */
struct oct_coded_activation {
    enum oct_activation activation;
    float slope;
    struct oct_quantization quantization;
};

struct oct_train_kernels {
    /* y = activation(sums) + residual (NULL: none), as values. */
    void (*activate)(const struct oct_coded_activation *how, const float *sums,
                     const float *residual, size_t count, float *values);
    /* The same, of values that are sums before. */
    void (*activate_in_place)(const struct oct_coded_activation *how, const float *residual,
                              size_t count, float *values);
    /* As codes: see oct_requantize(). */
    void (*code)(const struct oct_coded_activation *how, const float *sums, const float *residual,
                 size_t count, uint8_t *codes);
    /* The way back of `activate`: sums become their gradients. */
    void (*activate_back)(const struct oct_coded_activation *how, const float *gradient,
                          size_t count, float *sums);
    /*
     * The way back of `code`. Straight through (Bengio et al., 2013) where the value is not
     * clipped: `gradient`, of what the codes stand for, becomes that of the value before it was
     * coded, and sums become their gradients. Returns the gradient of the scale's logarithm, after
     * LSQ (Esser et al., ICLR 2020): scale * sum of gradient * (code - v inside, code outside),
     * with v = value / scale.
     */
    double (*code_back)(const struct oct_coded_activation *how, const float *residual,
                        float *gradient, size_t count, float *sums);
    /* values = scale * (codes - zero point) */
    void (*decode)(struct oct_quantization quantization, const uint8_t *codes, size_t count,
                   float *values);
    /*
     * Logits of independent classes against a teacher's: sets gradient to sigmoid(is) -
     * sigmoid(teacher), and returns the sum of binary cross-entropies less the teacher's own.
     */
    double (*classes)(const float *is, const float *teacher, size_t count, float *gradient);
    /*
     * One distribution of `count` logits against a teacher's: sets gradient to weight *
     * (softmax(is) - softmax(teacher)), and returns weight * KL(teacher || is).
     */
    double (*distribution)(const float *is, const float *teacher, size_t count, float weight,
                           float *gradient);
    /* sum += added */
    void (*add)(const float *added, size_t count, float *sum);
};

/* Those for a mask of enum oct_cpu_set. */
void oct_train_kernels_fill(struct oct_train_kernels *kernels, unsigned sets);

void oct_train_kernels_fill_plain(struct oct_train_kernels *kernels);
void oct_train_kernels_fill_avx2(struct oct_train_kernels *kernels);
void oct_train_kernels_fill_avx512(struct oct_train_kernels *kernels);

#endif
