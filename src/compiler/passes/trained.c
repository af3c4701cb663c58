/* SPDX-License-Identifier: Apache-2.0 */
/* Which convolutions have weights of their own. */
#include <math.h>

#include "compiler/passes/passes.h"

#define WHOLE_TOLERANCE 1e-4f /* relative, of numbers that were integers times a scale */

bool oct_is_expectation(const struct oct_graph *graph, const struct oct_node *node)
{
    const struct oct_array *weights = &graph->values[node->inputs[1]].array;
    const float *step = graph->values[node->inputs[1]].weight_scales;
    if (weights->rank != 4 || weights->dims[0] != 1 || weights->dims[2] != 1 ||
        weights->dims[3] != 1)
        return false;
    for (size_t i = 0; i < weights->count; i++)
        if (!(fabsf(oct_floats(weights)[i] - (float)i) <=
              WHOLE_TOLERANCE * (float)i + (step ? 0.5f * step[0] : 0.0f)))
            return false;
    return true;
}

bool oct_is_trained(const struct oct_graph *graph, const struct oct_node *node)
{
    return node->op == OCT_OP_CONV && oct_value_is_constant(graph, node->inputs[1]) &&
           !oct_is_expectation(graph, node);
}
