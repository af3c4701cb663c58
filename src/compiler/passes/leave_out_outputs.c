/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs that do not come from the head, such as features, where others do. */
#include <string.h>

#include "compiler/passes/passes.h"

#define OUTPUTS_MAX 64 /* that are looked at one by one */

/* Whether the walk back from one output ends at convolutions that a head may end in, all of them.
 * `wanted` is for all values. */
static bool is_of_head(const struct oct_graph *graph, int output, bool *wanted)
{
    bool found = false;
    memset(wanted, 0, graph->value_count * sizeof *wanted);
    wanted[output] = true;
    for (size_t n = graph->node_count; n-- > 0;) {
        const struct oct_node *node = &graph->nodes[n];
        bool reached = false;
        for (int i = 0; i < node->output_count; i++)
            reached = reached || (node->outputs[i] >= 0 && wanted[node->outputs[i]]);
        if (!reached)
            continue;
        const bool ends = oct_is_trained(graph, node);
        if (ends && (node->activation || node->input_count > 3))
            return false;
        found = found || ends;
        for (int i = 0; !ends && i < node->input_count; i++)
            if (node->inputs[i] >= 0)
                wanted[node->inputs[i]] = true;
    }
    for (int i = 0; i < graph->input_count; i++)
        found = found && !wanted[graph->inputs[i]];
    return found;
}

octet_status oct_leave_out_outputs(struct oct_import *import)
{
    struct oct_graph *graph = import->graph;
    bool of_head[OUTPUTS_MAX], *wanted;
    int kept = 0;
    if (graph->output_count < 2 || graph->output_count > OUTPUTS_MAX)
        return OCTET_OK;
    wanted = oct_calloc(import->ctx, graph->value_count, sizeof *wanted);
    if (!wanted)
        return oct_fail_memory(import->ctx, "the head");
    for (int i = 0; i < graph->output_count; i++)
        kept += of_head[i] = is_of_head(graph, graph->outputs[i], wanted);
    oct_free(import->ctx, wanted);
    if (kept == 0 || kept == graph->output_count)
        return OCTET_OK;
    kept = 0;
    for (int i = 0; i < graph->output_count; i++) {
        if (of_head[i])
            graph->outputs[kept++] = graph->outputs[i];
        else
            oct_log(import->ctx, OCTET_LOG_WARNING,
                    "%s: output '%.200s' is left out: it is no part of the detection head",
                    import->name, graph->values[graph->outputs[i]].name);
    }
    graph->output_count = kept;
    return oct_eliminate_dead(import);
}
