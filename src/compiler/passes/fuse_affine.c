/* SPDX-License-Identifier: Apache-2.0 */
/* A product with constants, or constants added, one number or one for each channel, behind a
 * convolution: other weights and bias. Dynamically quantised files scale and bias like that. */
#include <math.h>

#include "compiler/passes/passes.h"

/* The constant operand of a Mul or Add behind a convolution that it alone reads, or -1. */
static int constant_operand(const struct oct_graph *graph, const struct oct_node *node,
                            const int *uses, struct oct_node **conv)
{
    if ((node->op != OCT_OP_MUL && node->op != OCT_OP_ADD) || node->input_count != 2)
        return -1;
    for (int i = 0; i < 2; i++) {
        const int from = node->inputs[i], other = node->inputs[1 - i];
        struct oct_node *producer = oct_graph_producer(graph, from);
        if (!producer || producer->op != OCT_OP_CONV || uses[from] != 1 || producer->activation ||
            producer->input_count > 3 || !oct_value_is_constant(graph, producer->inputs[1]) ||
            !oct_value_is_constant(graph, other))
            continue;
        const struct oct_array *a = &graph->values[other].array;
        const int64_t channels = graph->values[producer->inputs[1]].array.dims[0];
        const bool each =
            a->rank >= 3 && a->dims[a->rank - 3] == channels && a->count == (size_t)channels;
        *conv = producer;
        if (a->type == OCT_DATA_FLOAT && a->rank <= 4 && (a->count == 1 || each))
            return other;
    }
    return -1;
}

/* Integers times scales, times numbers, are integers times other scales; those of `weights` for
 * `product`. */
static bool scale_scales(struct oct_graph *graph, int weights, const float *numbers, size_t count,
                         int product)
{
    const float *scales = graph->values[weights].weight_scales;
    const size_t outputs = (size_t)graph->values[weights].array.dims[0];
    float *scaled = scales ? oct_arena_calloc(&graph->arena, outputs, sizeof *scaled) : NULL;
    for (size_t o = 0; scaled && o < outputs; o++)
        scaled[o] = fabsf(scales[o] * numbers[count == 1 ? 0 : o]);
    graph->values[product].weight_scales = scaled;
    return scaled || !scales;
}

static octet_status fuse(struct oct_graph *graph, struct oct_node *conv, struct oct_node *node,
                         int operand)
{
    const bool product = node->op == OCT_OP_MUL;
    const int old_bias = conv->input_count > 2 ? conv->inputs[2] : -1;
    const struct oct_array from = graph->values[operand].array;
    struct oct_array weights = graph->values[conv->inputs[1]].array, bias;
    const float *old = oct_floats(&weights), *number = oct_floats(&from);
    oct_array_shape(&bias, OCT_DATA_FLOAT, 1, &weights.dims[0]);
    bias.data = oct_arena_calloc(&graph->arena, bias.count, sizeof(float));
    if (product)
        weights.data = oct_arena_calloc(&graph->arena, weights.count, sizeof(float));
    int *inputs = oct_graph_indices(graph, 3);
    const int weights_value =
        product ? oct_graph_add_value(graph, graph->values[conv->inputs[1]].name) : conv->inputs[1];
    const int bias_value = oct_graph_add_value(graph, graph->values[operand].name);
    if (!weights.data || !bias.data || !inputs || weights_value < 0 || bias_value < 0)
        return oct_fail_memory(graph->ctx, "fused weights");
    const size_t taps = bias.count ? weights.count / bias.count : 0;
    for (size_t o = 0; o < bias.count; o++) {
        const float n = number[from.count == 1 ? 0 : o];
        const float b = old_bias >= 0 ? oct_floats(&graph->values[old_bias].array)[o] : 0.0f;
        oct_floats(&bias)[o] = product ? b * n : b + n;
        for (size_t i = o * taps; product && i < (o + 1) * taps; i++)
            oct_floats(&weights)[i] = old[i] * n;
    }
    if (product && !scale_scales(graph, conv->inputs[1], number, from.count, weights_value))
        return oct_fail_memory(graph->ctx, "fused weights");
    graph->values[weights_value].array = weights;
    graph->values[bias_value].array = bias;
    graph->values[node->outputs[0]].producer = (int)(conv - graph->nodes);
    return oct_fuse_into(graph, conv, node, OCT_ROLE_AFFINE, inputs, weights_value, bias_value);
}

/* Weights and bias are constants of one convolution; shapes were checked only where its input's is
 * known. */
static bool fits(const struct oct_graph *graph, const struct oct_node *conv)
{
    const struct oct_array *weights = &graph->values[conv->inputs[1]].array;
    const int bias = conv->input_count > 2 ? conv->inputs[2] : -1;
    if (weights->type != OCT_DATA_FLOAT || weights->rank != 4)
        return false;
    const struct oct_array *b = bias >= 0 ? &graph->values[bias].array : NULL;
    return !b || (b->data && b->type == OCT_DATA_FLOAT && b->count == (size_t)weights->dims[0]);
}

octet_status oct_fuse_affine(struct oct_import *import)
{
    struct oct_graph *graph = import->graph;
    int *uses;
    size_t bytes = 0;
    if (!import->imported->is_quantised)
        return OCTET_OK;
    octet_status status = oct_graph_count_uses(graph, &uses);
    if (status)
        return status;
    const size_t value_count = graph->value_count; /* values added have no uses to be looked up */
    for (size_t n = 0; n < graph->node_count && !status; n++) {
        struct oct_node *conv = NULL;
        const int operand = constant_operand(graph, &graph->nodes[n], uses, &conv);
        if (operand < 0 || (size_t)operand >= value_count || !fits(graph, conv))
            continue;
        if (graph->nodes[n].op == OCT_OP_MUL)
            bytes += graph->values[conv->inputs[1]].array.count * sizeof(float);
        status = bytes <= OCT_FUSED_BYTES_MAX
                     ? fuse(graph, conv, &graph->nodes[n], operand)
                     : oct_refuse_model(import, "its scaled convolutions are too many to fuse");
    }
    oct_free(import->ctx, uses);
    return status ? status : oct_graph_sort(graph);
}
