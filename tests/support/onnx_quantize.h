/* SPDX-License-Identifier: Apache-2.0 */
/* The small detector as tools quantise it, and the same in float operators that round alike. */
#ifndef OCTET_TESTS_SUPPORT_ONNX_QUANTIZE_H
#define OCTET_TESTS_SUPPORT_ONNX_QUANTIZE_H

#include "base/memory.h"
#include "onnx_builder.h"

struct test_quantizing {
    int all;           /* 1: every result, as ONNX Runtime does; 0: convolutions' inputs alone */
    int is_signed;     /* int8, zero point 0; else uint8 with a zero point */
    int per_tensor;    /* weights with one scale; else one for each output channel */
    int float_bias;    /* biases left float */
    int qlinear;       /* QLinearConv and its like in place of the three; with `all` */
    int float_weights; /* weights stay float behind Q and DQ */
    int no_zeros;      /* signed activations: no zero points, but output_dtype */
    int pooled;        /* the detector is the variant of that name */
    int emulate;       /* no Q and DQ, but divisions, sums and products that give the same values */
};

/* Makes the detector in `onnx` (test_onnx_detector(), variant {0}, or pooled) quantised. */
void test_onnx_quantize(octet_context *ctx, struct test_onnx *onnx,
                        const struct test_quantizing *how);

#endif
