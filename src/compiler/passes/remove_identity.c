/* SPDX-License-Identifier: Apache-2.0 */
/* Drops nodes that give what they take. */
#include "compiler/passes/passes.h"

static bool is_identity(const struct oct_graph *graph, const struct oct_node *node, const int *uses)
{
    if (node->input_count < 1 || node->inputs[0] < 0 || node->outputs[0] < 0)
        return false;
    for (int i = 1; i < node->output_count; i++)
        if (node->outputs[i] >= 0 && uses[node->outputs[i]])
            return false;
    switch (node->op) {
    case OCT_OP_IDENTITY:
    case OCT_OP_DROPOUT:
        return true;
    case OCT_OP_CAST:
        return graph->values[node->inputs[0]].array.type == OCT_DATA_FLOAT &&
               graph->values[node->outputs[0]].array.type == OCT_DATA_FLOAT;
    default:
        return false;
    }
}

octet_status oct_remove_identity(struct oct_import *import)
{
    struct oct_graph *graph = import->graph;
    int *uses, *alias = oct_malloc(import->ctx, graph->value_count, sizeof *alias);
    octet_status status = oct_graph_count_uses(graph, &uses);
    if (status || !alias) {
        oct_free(import->ctx, alias);
        oct_free(import->ctx, uses);
        return oct_fail_memory(import->ctx, "the graph");
    }
    for (size_t v = 0; v < graph->value_count; v++)
        alias[v] = (int)v;
    for (size_t n = 0; n < graph->node_count;
         n++) { /* sorted: inputs are settled before their readers */
        struct oct_node *node = &graph->nodes[n];
        for (int i = 0; i < node->input_count; i++)
            if (node->inputs[i] >= 0)
                node->inputs[i] = alias[node->inputs[i]];
        node->removed = is_identity(graph, node, uses);
        if (!node->removed)
            continue;
        alias[node->outputs[0]] = node->inputs[0];
        oct_provenance_same(graph, node->outputs[0], node->inputs[0]);
    }
    for (int i = 0; i < graph->output_count; i++)
        graph->outputs[i] = alias[graph->outputs[i]];
    oct_free(import->ctx, alias);
    oct_free(import->ctx, uses);
    return oct_graph_sort(graph);
}
