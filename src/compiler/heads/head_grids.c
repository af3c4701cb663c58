/* SPDX-License-Identifier: Apache-2.0 */
/* What a quantised file rounds between its last convolutions and its outputs: the grids of the
 * outputs of heads of levels, and those that a kind has of its own. The rest is counted. */
#include "compiler/heads/head_readers.h"

const struct oct_node *oct_only_fake(const struct oct_graph *graph, int value, const int *uses)
{
    for (size_t n = 0; n < graph->node_count && uses[value] == 1; n++)
        if (graph->nodes[n].op == OCT_OP_FAKE_QUANTIZE && graph->nodes[n].inputs[0] == value)
            return &graph->nodes[n];
    return NULL;
}

/* True when the node rounds what was put on the same grid before, and only moved since. */
static bool repeats(const struct oct_graph *graph, const struct oct_node *fake)
{
    const struct oct_node *node = oct_graph_producer(graph, fake->inputs[0]);
    while (node && oct_moves_elements(node->op))
        node = oct_graph_producer(graph, node->inputs[0]);
    return node && node->op == OCT_OP_FAKE_QUANTIZE &&
           oct_same_quantization(node->grid, fake->grid);
}

static int count_fakes(const struct oct_import *import)
{
    int count = 0;
    for (size_t n = 0; n < import->graph->node_count; n++)
        count += import->head.in_tail[n] && import->graph->nodes[n].op == OCT_OP_FAKE_QUANTIZE &&
                 !repeats(import->graph, &import->graph->nodes[n]);
    return count;
}

static int read_output(const struct oct_graph *graph, const int *uses,
                       struct oct_found_output *output)
{
    const struct oct_node *fake = oct_only_fake(graph, output->value, uses);
    if (fake)
        output->grid = fake->grid;
    return fake != NULL;
}

octet_status oct_levels_read_grids(struct oct_import *import, oct_read_own_grids *read_own)
{
    struct oct_graph *graph = import->graph;
    struct oct_found_head *head = &import->head;
    int *uses, taken = 0;
    if (!import->imported->is_quantised)
        return OCTET_OK;
    const octet_status status = oct_graph_count_uses(graph, &uses);
    if (status)
        return status;
    for (int i = 0; i < head->head.output_count; i++)
        taken += read_output(graph, uses, &head->outputs[i]);
    if (read_own)
        taken += read_own(import, uses);
    oct_free(import->ctx, uses);
    import->imported->head_left_float = count_fakes(import) - taken;
    return OCTET_OK;
}
