/* SPDX-License-Identifier: Apache-2.0 */
/* What the passes write down of the file that a graph was made from. */
#include "compiler/graph/provenance.h"

#include <limits.h>
#include <string.h>

#include "compiler/graph/graph.h"
#include "compiler/graph/groups.h"

static octet_status no_memory(const struct oct_graph *graph)
{
    return oct_fail_memory(graph->ctx, "the graph");
}

octet_status oct_provenance_begin(struct oct_graph *graph, size_t node_count)
{
    struct oct_provenance *file = &graph->file;
    if (node_count > INT_MAX)
        return oct_fail(graph->ctx, OCTET_OUT_OF_MEMORY, "%s: too many nodes", graph->name);
    *file = (struct oct_provenance){
        .node_count = (int)node_count,
        .value_count = (int)graph->value_count,
        .nodes = oct_arena_calloc(&graph->arena, node_count, sizeof *file->nodes),
        .same = oct_graph_indices(graph, graph->value_count),
        .group = oct_graph_indices(graph, graph->value_count),
    };
    if (!file->nodes || !file->same || !file->group)
        return no_memory(graph);
    for (int v = 0; v < file->value_count; v++)
        file->same[v] = file->group[v] = v;
    return OCTET_OK;
}

octet_status oct_provenance_add(struct oct_graph *graph, size_t place, struct oct_node *node)
{
    struct oct_file_node *kept = &graph->file.nodes[place];
    const size_t inputs = (size_t)node->input_count, outputs = (size_t)node->output_count;
    int *values = oct_graph_indices(graph, inputs + outputs);
    if (!values)
        return no_memory(graph);
    if (inputs)
        memcpy(values, node->inputs, inputs * sizeof *values);
    if (outputs)
        memcpy(values + inputs, node->outputs, outputs * sizeof *values);
    *kept = (struct oct_file_node){
        .op_name = node->op_name,
        .name = node->name,
        .input_count = node->input_count,
        .output_count = node->output_count,
        .inputs = values,
        .outputs = values + inputs,
        .part = {OCT_ROLE_OPERATOR, (int)place, outputs ? values[inputs] : -1, -1}};
    node->parts = &kept->part;
    node->part_count = 1;
    return OCTET_OK;
}

octet_status oct_provenance_order(struct oct_graph *graph)
{
    struct oct_provenance *file = &graph->file;
    file->order = oct_graph_indices(graph, graph->node_count);
    if (!file->order)
        return no_memory(graph);
    for (size_t n = 0; n < graph->node_count; n++)
        file->order[n] = graph->nodes[n].parts->node;
    file->ordered_count = (int)graph->node_count;
    return OCTET_OK;
}

/* ---- parts ---- */

/* Room grows by doubling: it is full where the count is a power of two. */
static bool append(struct oct_graph *graph, struct oct_node *node, struct oct_part part)
{
    const size_t count = (size_t)node->part_count;
    struct oct_part *parts = (struct oct_part *)node->parts;
    if ((count & (count - 1)) == 0) {
        parts = oct_arena_calloc(&graph->arena, count ? 2 * count : 1, sizeof *parts);
        if (!parts)
            return false;
        if (count)
            memcpy(parts, node->parts, count * sizeof *parts);
    }
    parts[count] = part;
    node->parts = parts;
    node->part_count++;
    return true;
}

/* The value by which a node of the file reads what is `value` in the graph now. */
static int as_read(const struct oct_provenance *file, const struct oct_file_node *node, int value)
{
    for (int i = 0; i < node->input_count; i++)
        if (node->inputs[i] >= 0 &&
            (node->inputs[i] == value || file->same[node->inputs[i]] == value))
            return node->inputs[i];
    return value < file->value_count ? value : -1;
}

octet_status oct_provenance_take(struct oct_graph *graph, struct oct_node *into,
                                 const struct oct_node *from, enum oct_role role, int other)
{
    for (int i = 0; i < from->part_count; i++) {
        struct oct_part part = from->parts[i];
        if (i == 0) {
            part.role = role;
            part.other =
                other < 0 ? -1 : as_read(&graph->file, &graph->file.nodes[part.node], other);
        }
        if (!append(graph, into, part))
            return no_memory(graph);
    }
    return OCTET_OK;
}

const struct oct_part *oct_part_find(const struct oct_part *parts, int count, enum oct_role role)
{
    for (int i = 0; i < count; i++)
        if (parts[i].role == role)
            return &parts[i];
    return NULL;
}

/* ---- values ---- */

static bool is_floats_of_file(const struct oct_graph *graph, int value)
{
    return value >= 0 && value < graph->file.value_count &&
           graph->values[value].array.type == OCT_DATA_FLOAT;
}

static void share(struct oct_graph *graph, int a, int b)
{
    if (is_floats_of_file(graph, a) && is_floats_of_file(graph, b))
        oct_group_join(graph->file.group, a, b);
}

void oct_provenance_same(struct oct_graph *graph, int value, int as)
{
    if (value < graph->file.value_count)
        graph->file.same[value] = as;
    share(graph, value, as);
}

void oct_provenance_share(struct oct_graph *graph, const struct oct_node *node)
{
    const int inputs = node->op == OCT_OP_CONCAT ? node->input_count : 1;
    for (int i = 0; i < inputs; i++)
        for (int o = 0; o < node->output_count; o++)
            share(graph, node->inputs[i], node->outputs[o]);
}
