/* SPDX-License-Identifier: Apache-2.0 */
/* y = (conv(x) - mean) / sqrt(variance + epsilon) * scale + shift is a convolution with other
 * weights and bias. */
#include <math.h>

#include "compiler/passes/passes.h"

static struct oct_node *fusable(const struct oct_graph *graph, const struct oct_node *node,
                                const int *uses)
{
    if (node->op != OCT_OP_BATCH_NORMALIZATION || oct_node_int(node, "training_mode", 0))
        return NULL;
    for (int i = 1; i < 5; i++)
        if (!oct_value_is_constant(graph, node->inputs[i]))
            return NULL;
    struct oct_node *conv = oct_graph_producer(graph, node->inputs[0]);
    if (!conv || conv->op != OCT_OP_CONV || uses[node->inputs[0]] != 1 || conv->activation ||
        conv->input_count > 3 || !oct_value_is_constant(graph, conv->inputs[1]))
        return NULL;
    bool has_bias = conv->input_count > 2 && conv->inputs[2] >= 0;
    return has_bias && !oct_value_is_constant(graph, conv->inputs[2]) ? NULL : conv;
}

static octet_status fuse(struct oct_graph *graph, struct oct_node *conv, struct oct_node *norm)
{
    struct oct_array weights = graph->values[conv->inputs[1]].array, bias = {0};
    const float *old = oct_floats(&weights), *parameters[4];
    for (int i = 0; i < 4; i++)
        parameters[i] = oct_floats(&graph->values[norm->inputs[1 + i]].array);
    bool has_bias = conv->input_count > 2 && conv->inputs[2] >= 0;
    const float *old_bias = has_bias ? oct_floats(&graph->values[conv->inputs[2]].array) : NULL;
    oct_array_shape(&bias, OCT_DATA_FLOAT, 1, &weights.dims[0]);
    weights.data = oct_arena_calloc(&graph->arena, weights.count, sizeof(float));
    bias.data = oct_arena_calloc(&graph->arena, bias.count, sizeof(float));
    int *inputs = oct_graph_indices(graph, 3);
    int weights_value = oct_graph_add_value(graph, graph->values[conv->inputs[1]].name);
    int bias_value = oct_graph_add_value(graph, graph->values[norm->inputs[2]].name);
    if (!weights.data || !bias.data || !inputs || weights_value < 0 || bias_value < 0)
        return oct_fail_memory(graph->ctx, "fused weights");
    size_t taps = weights.count / bias.count;
    float epsilon = oct_node_float(norm, "epsilon", 1e-5f);
    for (size_t o = 0; o < bias.count; o++) {
        double factor = parameters[0][o] / sqrt((double)parameters[3][o] + epsilon);
        for (size_t i = 0; i < taps; i++)
            oct_floats(&weights)[o * taps + i] = (float)(old[o * taps + i] * factor);
        double centred = (old_bias ? (double)old_bias[o] : 0.0) - parameters[2][o];
        oct_floats(&bias)[o] = (float)(centred * factor + parameters[1][o]);
    }
    graph->values[weights_value].array = weights;
    graph->values[bias_value].array = bias;
    return oct_fuse_into(graph, conv, norm, OCT_ROLE_NORM, inputs, weights_value, bias_value);
}

octet_status oct_fuse_batchnorm(struct oct_import *import)
{
    struct oct_graph *graph = import->graph;
    int *uses;
    size_t bytes = 0;
    octet_status status = oct_graph_count_uses(graph, &uses);
    for (size_t n = 0; !status && n < graph->node_count; n++) {
        struct oct_node *conv = fusable(graph, &graph->nodes[n], uses);
        if (!conv)
            continue;
        bytes += graph->values[conv->inputs[1]].array.count * sizeof(float);
        status = bytes <= OCT_FUSED_BYTES_MAX
                     ? fuse(graph, conv, &graph->nodes[n])
                     : oct_refuse_model(import, "its batch normalisations are too many to fuse");
    }
    oct_free(import->ctx, uses);
    return status ? status : oct_graph_sort(graph);
}
