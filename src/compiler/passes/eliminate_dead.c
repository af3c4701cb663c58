/* SPDX-License-Identifier: Apache-2.0 */
/* Drops nodes that no output needs. */
#include "compiler/passes/passes.h"

octet_status oct_eliminate_dead(struct oct_import *import)
{
    struct oct_graph *graph = import->graph;
    bool *wanted = oct_calloc(import->ctx, graph->value_count, sizeof *wanted);
    if (!wanted)
        return oct_fail_memory(import->ctx, "the graph");
    for (int i = 0; i < graph->output_count; i++)
        wanted[graph->outputs[i]] = true;
    for (size_t n = graph->node_count; n-- > 0;) {
        struct oct_node *node = &graph->nodes[n];
        bool live = false;
        for (int i = 0; i < node->output_count; i++)
            live = live || (node->outputs[i] >= 0 && wanted[node->outputs[i]]);
        node->removed = !live;
        for (int i = 0; live && i < node->input_count; i++)
            if (node->inputs[i] >= 0)
                wanted[node->inputs[i]] = true;
    }
    oct_free(import->ctx, wanted);
    return oct_graph_sort(graph);
}
