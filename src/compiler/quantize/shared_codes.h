/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Codings for pictures of one size that leave the weights' codes as they are. Weights are coded
 * with their input channels' scales folded in: a set of scales may change those of all channels of
 * a convolution's input by one factor, which then goes into the scales of its sums, but not the
 * ratios between them. So tensors that lie in one concat, and what passes their scales on, change
 * by one factor together; all others are free, and zero points are in any case.
 */
#ifndef OCTET_COMPILER_QUANTIZE_SHARED_CODES_H
#define OCTET_COMPILER_QUANTIZE_SHARED_CODES_H

#include "compiler/calibrate/statistics.h"
#include "compiler/quantize/activation.h"

/* What the codings of some tensors were, and what is known of the size's pictures. Tensor i is that
 * of record i; those with a group below 0 take no part. */
struct oct_shared_codes {
    struct oct_calibrator calibrator;
    const octet_statistics *statistics;    /* of the size alone */
    const struct oct_quantization *common; /* [tensors] that the weights' codes were made with */
    const int *group;                      /* [tensors]: tensors of one number change together */
    double *spreads;                       /* [tensors]: for what is worked out once */
};

/*
 * The size's own codings, [tensors]. A tensor that is alone in its group gets what the calibrator
 * makes of its record. The others' factor is that member's own of which the sum over the group, of
 * the squared error of coding against the variance, is least; of "minmax" and "minmax-trt" the
 * largest, so that nothing is clipped. Returns the mean, over the tensors that take part, of what
 * the common coding's error is more than this one's on these pictures, dB.
 */
double oct_codings_of_size(const struct oct_shared_codes *with, struct oct_quantization *codings);

#endif
