/* SPDX-License-Identifier: Apache-2.0 */
/* Messages about what is not read. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "compiler/passes/passes.h"

octet_status oct_refuse_model(const struct oct_import *import, const char *format, ...)
{
    char reason[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    return oct_fail(import->ctx, OCTET_UNSUPPORTED_MODEL, "%s: %s", import->name, reason);
}

octet_status oct_refuse_operator(const struct oct_graph *graph, const struct oct_node *node)
{
    static const char other_activation[] =
        "the activations that are read are SiLU, ReLU, LeakyReLU (slope 0 to 1), HardSwish and "
        "GELU";
    static const struct {
        const char *op, *reason;
    } reasons[] = {
        {"Sigmoid", "it is not part of a SiLU (x * sigmoid(x)) after a convolution"},
        {"Mul", "it is not part of a SiLU (x * sigmoid(x)), nor a product with a constant"},
        {"Add", "it is not a sum of two tensors of the same shape"},
        {"BatchNormalization", "it does not follow a convolution with constant weights"},
        {"MatMul", "it is no part of an attention over what one convolution gives"},
        {"Gemm", "fully connected layers are not read"},
        {"ConvTranspose",
         "transposed convolutions are read of 2x2 with stride 2 alone, whose weights are "
         "constant"},
        {"Pad", "it is not zeros around the height and width of what convolutions and pools read"},
        {"Relu", other_activation},
        {"LeakyRelu", other_activation},
        {"HardSwish", other_activation},
        {"HardSigmoid", other_activation},
        {"Mish", other_activation},
        {"Softplus", other_activation},
        {"Tanh", other_activation},
        {"Gelu", other_activation},
        {"Erf", other_activation},
        {"Elu", other_activation},
        {"PRelu", other_activation},
        {"Clip", "ReLU6 and the like are not read, only a ReLU"},
        {"Swish", "it is not a SiLU (alpha 1) after a convolution"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (strcmp(node->op_name, reasons[i].op) == 0)
            return oct_node_fail(graph, node, OCTET_UNSUPPORTED_OPERATOR, "%s", reasons[i].reason);
    return oct_node_fail(graph, node, OCTET_UNSUPPORTED_OPERATOR,
                         "detectors that are read do not have it there");
}
