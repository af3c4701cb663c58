/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is learnt of a network: weights, behind which stand the codes that they round to, the scales
 * of these and of activations, as logarithms, and biases. Zero points stay as they are, or the
 * values that the lowest codes stand for do.
 *
 * With S[n] the worth of an accumulator unit of output n and s[c] the scale of input channel c, a
 * weight is code * S[n] / s[c] (compiler/quantize/weights.h). What is learnt is v, in units of the
 * code that it had at first: code = clamp(rint(v k[c] / e^l[n])), S[n] = S0[n] e^l[n] r, where r is
 * what the mean of the input's scales grew by, and k[c] = (s[c] / s0[c]) / r. So no code changes
 * where all scales of an input grow alike.
 */
#ifndef OCTET_TRAIN_STUDENT_H
#define OCTET_TRAIN_STUDENT_H

#include "train/train_pass.h"

/* What a convolution begins with. Codes are of `bits`: -2^(bits - 1) + 1 to 2^(bits - 1) - 1. */
struct oct_student_start {
    int bits;            /* 0: weights stay values, and nothing else of this is read but bias */
    const int8_t *codes; /* as the network has weights */
    const float *scales; /* S0: [outputs] */
    const float *bias;   /* [outputs] */
    bool is_frozen;      /* nothing of it is learnt */
};

struct oct_student_layer {
    struct oct_weights_of {
        int outputs, depth, taps;
        size_t count;
    } shape;
    bool is_depthwise, is_frozen;
    int bits;
    size_t weights, scales, biases; /* the first of each in the student's `values` */
    const float *first_scales;      /* S0; of weights that stay values, a 127th of the largest */
    const float *input_scales;      /* s0: [inputs] */
    double input_mean;              /* of s0 */
    int *input_codings;             /* [inputs]: -1: constant, as of the picture */
    int8_t *codes;                  /* as they are now */
    float *accumulator_scales;      /* S */
};

struct oct_student {
    const struct oct_train_plan *plan;
    bool keeps_lowest;
    struct oct_arena arena;                       /* of all below */
    struct oct_student_layer *layers;             /* [layers] */
    struct oct_packed_layer *packed;              /* [layers] */
    size_t count;                                 /* of values */
    size_t weight_count, bias_count, scale_count; /* in this order in `values` */
    size_t codings;                               /* the first logarithm of an activation's scale */
    float *values;
    float *gradients;                                     /* of all but weights */
    struct oct_quantization *first_codings, *now_codings; /* [codings of the plan] */
};

struct oct_student_settings {
    const struct oct_train_plan *plan;
    const struct oct_student_start *layers; /* [layers]: of convolutions */
    const struct oct_quantization *codings; /* [codings of the plan] */
    struct oct_quantization picture;
    bool keeps_lowest; /* zero points move so that the value of code 0 stays */
};

octet_status oct_student_create(octet_context *ctx, const struct oct_student_settings *settings,
                                struct oct_student **student);
void oct_student_free(octet_context *ctx, struct oct_student **student);

/* From `values` to codings, codes and packed weights of the layers [first, end). Codings are made
 * by oct_student_round_codings(), before. `weights` has room for the largest layer's. */
void oct_student_round_codings(struct oct_student *student);
octet_status oct_student_round(struct oct_student *student, const struct oct_onednn_worker *worker,
                               int layer, float *weights);

/* From the gradients of a layer's values as packed (the plan's) to those of what is learnt: of
 * weights to `weights`, which has room for the largest layer's, of the others to `gradients`. */
octet_status oct_student_gradients(struct oct_student *student,
                                   const struct oct_onednn_worker *worker, int layer,
                                   const float *packed, float *weights);

/* The gradient of a value that is no weight. */
float *oct_student_gradient(struct oct_student *student, size_t value);

/* The scale of what output `output` of a layer reads first, as it is now. */
float oct_student_input_scale(const struct oct_student *student, int layer, int output);

/* The largest layer's weights. */
size_t oct_student_largest(const struct oct_student *student);

#endif
