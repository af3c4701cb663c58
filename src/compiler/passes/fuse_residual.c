/* SPDX-License-Identifier: Apache-2.0 */
/* An addition becomes part of the convolution that makes one of its operands. */
#include "compiler/passes/passes.h"

/* The convolution that makes `value` for one reader only and has no residual yet, or NULL. `*fake`
 * is the node between that puts its result on a grid, or NULL. */
static struct oct_node *candidate(const struct oct_graph *graph, int value, const int *uses,
                                  struct oct_node **fake)
{
    struct oct_node *conv = oct_graph_producer(graph, value);
    *fake = conv && conv->op == OCT_OP_FAKE_QUANTIZE && uses[value] == 1 ? conv : NULL;
    if (*fake) {
        value = conv->inputs[0];
        conv = oct_graph_producer(graph, value);
    }
    bool fits = conv && conv->op == OCT_OP_CONV && conv->input_count <= 3 && uses[value] == 1 &&
                conv->outputs[0] == value;
    return fits ? conv : NULL;
}

/*
 * The nodes' order may have to change, but no cycle can come: nothing but the addition reads the
 * convolution. Where both operands could take the other, the later one does, which keeps the order.
 */
static octet_status fuse(struct oct_graph *graph, struct oct_node *add, const int *uses)
{
    int a = add->inputs[0], b = add->inputs[1];
    const struct oct_array *shapes[] = {&graph->values[a].array, &graph->values[b].array};
    if (oct_value_is_constant(graph, a) || oct_value_is_constant(graph, b) ||
        shapes[0]->type != OCT_DATA_FLOAT || !oct_array_same_shape(shapes[0], shapes[1]))
        return OCTET_OK;
    struct oct_node *fakes[2];
    struct oct_node *left = candidate(graph, a, uses, &fakes[0]);
    struct oct_node *right = candidate(graph, b, uses, &fakes[1]);
    struct oct_node *conv = left ? left : right;
    if (!conv)
        return OCTET_OK;
    if (left && right)
        conv = left - graph->nodes > right - graph->nodes ? left : right;
    int *inputs = oct_graph_indices(graph, 4);
    if (!inputs)
        return oct_fail_memory(graph->ctx, "the graph");
    for (int i = 0; i < conv->input_count; i++)
        inputs[i] = conv->inputs[i];
    inputs[3] = conv == left ? b : a;
    struct oct_node *fake = fakes[conv == left ? 0 : 1];
    octet_status status = OCTET_OK;
    if (fake) {
        status = oct_provenance_take(graph, conv, fake, OCT_ROLE_ROUNDING, -1);
        conv->value_grid = fake->grid;
        if (!oct_is_quantized(conv->sum_grid))
            conv->rounded = fake->inputs[0];
        fake->removed = true;
    }
    conv->inputs = inputs;
    conv->input_count = 4;
    conv->outputs[0] = add->outputs[0];
    graph->values[add->outputs[0]].producer = (int)(conv - graph->nodes);
    add->removed = true;
    return status ? status : oct_provenance_take(graph, conv, add, OCT_ROLE_SUM, inputs[3]);
}

octet_status oct_fuse_residual(struct oct_import *import)
{
    struct oct_graph *graph = import->graph;
    int *uses;
    octet_status status = oct_graph_count_uses(graph, &uses);
    for (size_t n = 0; !status && n < graph->node_count; n++)
        if (graph->nodes[n].op == OCT_OP_ADD && graph->nodes[n].outputs[0] >= 0)
            status = fuse(graph, &graph->nodes[n], uses);
    oct_free(import->ctx, uses);
    return status ? status : oct_graph_sort(graph);
}
