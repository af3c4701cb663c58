/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/passes/passes.h"

/* For y = x * sigmoid(x), as Mul and Sigmoid or as Swish: x and, for Mul, the Sigmoid node; -1 when
 * it is not that. */
static int silu_input(const struct oct_graph *graph, const struct oct_node *node, const int *uses,
                      struct oct_node **sigmoid)
{
    *sigmoid = NULL;
    if (node->op == OCT_OP_SWISH)
        return oct_node_float(node, "alpha", 1.0f) == 1.0f && uses[node->inputs[0]] == 1
                   ? node->inputs[0]
                   : -1;
    if (node->op != OCT_OP_MUL)
        return -1;
    for (int i = 0; i < 2; i++) {
        struct oct_node *gate = oct_graph_producer(graph, node->inputs[1 - i]);
        if (gate && gate->op == OCT_OP_SIGMOID && gate->inputs[0] == node->inputs[i] &&
            uses[node->inputs[i]] == 2 && uses[node->inputs[1 - i]] == 1) {
            *sigmoid = gate;
            return node->inputs[i];
        }
    }
    return -1;
}

octet_status oct_fuse_silu(struct oct_import *import)
{
    struct oct_graph *graph = import->graph;
    int *uses;
    octet_status status = oct_graph_count_uses(graph, &uses);
    if (status)
        return status;
    for (size_t n = 0; n < graph->node_count; n++) {
        struct oct_node *node = &graph->nodes[n], *sigmoid;
        int x = silu_input(graph, node, uses, &sigmoid);
        struct oct_node *conv = oct_graph_producer(graph, x);
        if (!conv || conv->op != OCT_OP_CONV || conv->silu || conv->input_count > 3 ||
            conv->outputs[0] != x)
            continue;
        conv->silu = true;
        conv->outputs[0] = node->outputs[0];
        node->removed = true;
        if (sigmoid)
            sigmoid->removed = true;
    }
    oct_free(import->ctx, uses);
    return oct_graph_sort(graph);
}
