/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tensor times one constant for each channel (the layer scale of YOLO12l and x, after CaiT,
 * Touvron et al. 2021): a depthwise convolution of 1x1, which can take in the sum that follows. A
 * weight of its own scale each, so INT8 rounds none of them.
 */
#include "compiler/graph/operators.h"
#include "compiler/passes/passes.h"

/* The operand of a Mul that is a constant for each channel of the other one, or -1. */
static int scales_of(const struct oct_graph *graph, const struct oct_node *node)
{
    if (node->op != OCT_OP_MUL || node->input_count != 2)
        return -1;
    for (int i = 0; i < 2; i++) {
        if (node->inputs[0] < 0 || node->inputs[1] < 0)
            return -1;
        const struct oct_array *x = &graph->values[node->inputs[1 - i]].array;
        const struct oct_array *a = &graph->values[node->inputs[i]].array;
        if (!oct_value_is_constant(graph, node->inputs[i]) || a->type != OCT_DATA_FLOAT ||
            a->rank < 3 || a->rank > 4 || oct_value_is_constant(graph, node->inputs[1 - i]) ||
            x->rank != 4 || x->type != OCT_DATA_FLOAT)
            continue;
        const int64_t channels = a->dims[a->rank - 3];
        if (channels > 1 && channels == x->dims[1] && a->count == (size_t)channels &&
            oct_floats_finite(a))
            return i;
    }
    return -1;
}

static octet_status make_depthwise(struct oct_graph *graph, struct oct_node *node, int scales)
{
    const struct oct_array from = graph->values[node->inputs[scales]].array;
    struct oct_attribute *group = oct_arena_calloc(&graph->arena, 1, sizeof *group);
    int *inputs = oct_graph_indices(graph, 2);
    const int weights = oct_graph_add_value(graph, graph->values[node->inputs[scales]].name);
    if (!group || !inputs || weights < 0)
        return oct_fail_memory(graph->ctx, "the graph");
    const int64_t dims[] = {(int64_t)from.count, 1, 1, 1};
    if (!oct_array_shape(&graph->values[weights].array, OCT_DATA_FLOAT, 4, dims))
        return oct_fail_memory(graph->ctx, "the graph");
    graph->values[weights].array.data = from.data;
    *group = (struct oct_attribute){
        .name = "group", .kind = OCT_ATTRIBUTE_INT, .integer = (int64_t)from.count};
    inputs[0] = node->inputs[1 - scales];
    inputs[1] = weights;
    node->op = OCT_OP_CONV;
    node->inputs = inputs;
    node->attributes = group;
    node->attribute_count = 1;
    return OCTET_OK;
}

octet_status oct_scale_channels(struct oct_import *import)
{
    struct oct_graph *graph = import->graph;
    octet_status status = OCTET_OK;
    for (size_t n = 0; n < graph->node_count && !status; n++) {
        const int scales = scales_of(graph, &graph->nodes[n]);
        if (scales >= 0)
            status = make_depthwise(graph, &graph->nodes[n], scales);
    }
    return status;
}
