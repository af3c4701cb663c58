/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sums, activations and products with one constant that no convolution could take in: depthwise
 * convolutions of 1x1 whose weights are 1, or that constant, take them instead, each at the cost of
 * one pass over its tensor.
 */
#include <math.h>

#include "compiler/passes/activation_chain.h"
#include "compiler/passes/passes.h"

/* Times `factor`, which is not rounded. */
static octet_status build_product(struct oct_builder *builder, const struct oct_node *node,
                                  const struct oct_layer *of, float factor)
{
    struct oct_arena *arena = &builder->imported->arena;
    const int channels = builder->tensors[of->input].channels;
    float *weights = oct_arena_calloc(arena, (size_t)channels, sizeof *weights);
    float *scales = oct_arena_calloc(arena, (size_t)channels, sizeof *scales);
    float *zeros = oct_arena_calloc(arena, (size_t)channels, sizeof *zeros);
    if (!weights || !scales || !zeros)
        return oct_fail_memory(builder->import->ctx, "the network");
    for (int c = 0; c < channels; c++) {
        weights[c] = factor;
        scales[c] = factor == 0.0f ? 1.0f : fabsf(factor);
    }
    struct oct_layer layer = *of;
    layer.operation = OCT_CONVOLUTION;
    layer.kernel = layer.stride = 1;
    layer.groups = channels;
    layer.values = weights;
    layer.bias = zeros;
    const struct oct_layer_notes notes = {.weight_scales = scales};
    return oct_builder_layer(builder, node, &layer, &notes);
}

static octet_status build_identity(struct oct_builder *builder, const struct oct_node *node,
                                   const struct oct_layer *of)
{
    return build_product(builder, node, of, 1.0f);
}

/* The parts of a concat may differ in scale, which what is added may not. */
static bool is_concat(const struct oct_builder *builder, int tensor)
{
    return builder->tensors[tensor].kind == OCT_TENSOR_CONCAT;
}

octet_status oct_build_sum(struct oct_builder *builder, const struct oct_node *node)
{
    const struct oct_graph *graph = builder->import->graph;
    struct oct_layer layer = {.residual = -1};
    for (int i = 0; i < 2; i++)
        if (node->inputs[i] < 0 || builder->tensor_of[node->inputs[i]] < 0)
            return oct_refuse_operator(graph, node);
    if (!oct_array_same_shape(&graph->values[node->inputs[0]].array,
                              &graph->values[node->inputs[1]].array))
        return oct_refuse_operator(graph, node);
    layer.input = builder->tensor_of[node->inputs[0]];
    layer.residual = builder->tensor_of[node->inputs[1]];
    if (is_concat(builder, layer.residual) && !is_concat(builder, layer.input)) {
        const int added = layer.input;
        layer.input = layer.residual;
        layer.residual = added;
    }
    return build_identity(builder, node, &layer);
}

octet_status oct_build_activation(struct oct_builder *builder, const struct oct_node *node)
{
    const struct oct_graph *graph = builder->import->graph;
    struct oct_activation_chain chain;
    struct oct_layer layer = {.residual = -1};
    if (!oct_activation_of(graph, (int)(node - graph->nodes), &chain) ||
        builder->tensor_of[chain.input] < 0)
        return oct_refuse_operator(graph, node);
    layer.input = builder->tensor_of[chain.input];
    layer.activation = chain.activation;
    layer.slope = chain.slope;
    return build_identity(builder, node, &layer);
}

octet_status oct_build_scale(struct oct_builder *builder, const struct oct_node *node)
{
    const struct oct_graph *graph = builder->import->graph;
    for (int i = 0; i < 2; i++) {
        const int value = node->inputs[i], other = node->inputs[1 - i];
        if (value < 0 || builder->tensor_of[value] < 0 || !oct_value_is_constant(graph, other))
            continue;
        const struct oct_array *factor = &graph->values[other].array;
        const struct oct_layer layer = {.input = builder->tensor_of[value], .residual = -1};
        if (factor->type == OCT_DATA_FLOAT && factor->count == 1 && isfinite(oct_floats(factor)[0]))
            return build_product(builder, node, &layer, oct_floats(factor)[0]);
    }
    return oct_refuse_operator(graph, node);
}
