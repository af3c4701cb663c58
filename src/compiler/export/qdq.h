/* SPDX-License-Identifier: Apache-2.0 */
/* A model with QuantizeLinear and DequantizeLinear put in, as TensorRT and ONNX Runtime take it. */
#ifndef OCTET_COMPILER_EXPORT_QDQ_H
#define OCTET_COMPILER_EXPORT_QDQ_H

#include "compiler/export/opset.h"
#include "compiler/export/recipe.h"

struct oct_qdq {
    bool int8_weights;        /* codes with a DequantizeLinear, in place of floats with both */
    bool unsigned_codes;      /* of activations: uint8 with zero point 128, for the same values */
    const int *picture_order; /* of the network, see there; NULL: nothing is moved */
    int pairs;                /* set: QuantizeLinear and DequantizeLinear pairs on activations */
};

/*
 * Puts Q/DQ on what the quantised convolutions read, on their weights, and on what is added to
 * them; nothing between a convolution and its activation, or behind that and an Add. Weights are
 * those that the recipe rounded, biases those that it corrected. `rewrite` is of the message that
 * the placement's graph was made from. Fails with OCTET_UNSUPPORTED_MODEL for a model of float16.
 */
octet_status oct_qdq_place(struct oct_rewrite *rewrite, const struct oct_recipe *recipe,
                           struct oct_qdq *qdq);

#endif
