/* SPDX-License-Identifier: Apache-2.0 */
/* Values and nodes: added, sorted, counted, looked up, and named in messages. */
#include "compiler/graph/graph.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void oct_graph_init(struct oct_graph *graph, octet_context *ctx, const char *name)
{
    *graph = (struct oct_graph){.ctx = ctx, .name = name};
    oct_arena_init(&graph->arena, ctx);
}

void oct_graph_clear(struct oct_graph *graph)
{
    oct_free(graph->ctx, graph->values);
    oct_free(graph->ctx, graph->nodes);
    oct_arena_clear(&graph->arena);
    oct_graph_init(graph, graph->ctx, graph->name);
}

int oct_graph_add_value(struct oct_graph *graph, const char *name)
{
    if (graph->value_count >= OCT_VALUES_MAX ||
        !oct_grow(graph->ctx, &graph->values, &graph->value_capacity, graph->value_count + 1,
                  sizeof *graph->values))
        return -1;
    graph->values[graph->value_count] = (struct oct_value){.name = name, .producer = -1};
    return (int)graph->value_count++;
}

int oct_graph_add_node(struct oct_graph *graph, const struct oct_node *node)
{
    if (graph->node_count >= OCT_NODES_MAX ||
        !oct_grow(graph->ctx, &graph->nodes, &graph->node_capacity, graph->node_count + 1,
                  sizeof *graph->nodes))
        return -1;
    graph->nodes[graph->node_count] = *node;
    return (int)graph->node_count++;
}

int *oct_graph_indices(struct oct_graph *graph, size_t count)
{
    int *indices = oct_arena_calloc(&graph->arena, count, sizeof *indices);
    for (size_t i = 0; indices && i < count; i++)
        indices[i] = -1;
    return indices;
}

/* ---- order ---- */

static void drop_removed(struct oct_graph *graph)
{
    size_t kept = 0;
    for (size_t n = 0; n < graph->node_count; n++)
        if (!graph->nodes[n].removed)
            graph->nodes[kept++] = graph->nodes[n];
    graph->node_count = kept;
}

static octet_status set_producers(struct oct_graph *graph)
{
    for (size_t v = 0; v < graph->value_count; v++)
        graph->values[v].producer = -1;
    for (size_t n = 0; n < graph->node_count; n++) {
        const struct oct_node *node = &graph->nodes[n];
        for (int i = 0; i < node->output_count; i++) {
            if (node->outputs[i] < 0)
                continue;
            struct oct_value *value = &graph->values[node->outputs[i]];
            if (value->producer >= 0 || value->is_input || value->array.data)
                return oct_fail(graph->ctx, OCTET_BAD_FORMAT,
                                "%s: value '%s' is produced twice (node '%s')", graph->name,
                                value->name, oct_node_label(graph, node));
            value->producer = (int)n;
        }
    }
    return OCTET_OK;
}

static bool is_available(const struct oct_value *value)
{
    return value->producer >= 0 || value->is_input || value->array.data;
}

static octet_status find_dangling(const struct oct_graph *graph)
{
    for (size_t n = 0; n < graph->node_count; n++) {
        const struct oct_node *node = &graph->nodes[n];
        for (int i = 0; i < node->input_count; i++)
            if (node->inputs[i] >= 0 && !is_available(&graph->values[node->inputs[i]]))
                return oct_node_fail(graph, node, OCTET_BAD_FORMAT,
                                     "its input '%s' is produced by no node",
                                     graph->values[node->inputs[i]].name);
    }
    for (int i = 0; i < graph->output_count; i++)
        if (!is_available(&graph->values[graph->outputs[i]]))
            return oct_fail(graph->ctx, OCTET_BAD_FORMAT, "%s: output '%s' is produced by no node",
                            graph->name, graph->values[graph->outputs[i]].name);
    return OCTET_OK;
}

struct visit {
    int node, next_input;
};

/* Depth first from `root`, inputs first. Returns the node that closes a cycle, or -1. */
static int visit_from(const struct oct_graph *graph, int root, unsigned char *marks,
                      struct visit *stack, int *order, size_t *ordered)
{
    enum { NEW, OPEN, DONE };
    size_t depth = 0;
    stack[depth++] = (struct visit){root, 0};
    marks[root] = OPEN;
    while (depth) {
        struct visit *top = &stack[depth - 1];
        const struct oct_node *node = &graph->nodes[top->node];
        int child = -1;
        while (child < 0 && top->next_input < node->input_count) {
            int value = node->inputs[top->next_input++];
            int producer = value >= 0 ? graph->values[value].producer : -1;
            if (producer >= 0 && marks[producer] == OPEN)
                return producer;
            if (producer >= 0 && marks[producer] == NEW)
                child = producer;
        }
        if (child >= 0) {
            marks[child] = OPEN;
            stack[depth++] = (struct visit){child, 0};
        } else {
            marks[top->node] = DONE;
            order[(*ordered)++] = top->node;
            depth--;
        }
    }
    return -1;
}

static octet_status sort_nodes(struct oct_graph *graph, unsigned char *marks, struct visit *stack,
                               int *order, struct oct_node *sorted)
{
    size_t ordered = 0;
    for (size_t n = 0; n < graph->node_count; n++) {
        int cycle = marks[n] ? -1 : visit_from(graph, (int)n, marks, stack, order, &ordered);
        if (cycle >= 0)
            return oct_node_fail(graph, &graph->nodes[cycle], OCTET_BAD_FORMAT,
                                 "it depends on its own output");
    }
    for (size_t n = 0; n < graph->node_count; n++)
        sorted[n] = graph->nodes[order[n]];
    for (size_t n = 0; n < graph->node_count; n++)
        graph->nodes[n] = sorted[n];
    return set_producers(graph);
}

octet_status oct_graph_sort(struct oct_graph *graph)
{
    drop_removed(graph);
    octet_status status = set_producers(graph);
    if (!status)
        status = find_dangling(graph);
    if (status)
        return status;
    octet_context *ctx = graph->ctx;
    unsigned char *marks = oct_calloc(ctx, graph->node_count, 1);
    struct visit *stack = oct_malloc(ctx, graph->node_count, sizeof *stack);
    int *order = oct_malloc(ctx, graph->node_count, sizeof *order);
    struct oct_node *sorted = oct_malloc(ctx, graph->node_count, sizeof *sorted);
    if (marks && stack && order && sorted)
        status = sort_nodes(graph, marks, stack, order, sorted);
    else
        status = oct_fail_memory(ctx, "sorting the graph");
    oct_free(ctx, marks);
    oct_free(ctx, stack);
    oct_free(ctx, order);
    oct_free(ctx, sorted);
    return status;
}

octet_status oct_graph_count_uses(const struct oct_graph *graph, int **uses)
{
    *uses = oct_calloc(graph->ctx, graph->value_count, sizeof **uses);
    if (!*uses)
        return oct_fail_memory(graph->ctx, "the graph");
    for (size_t n = 0; n < graph->node_count; n++) {
        const struct oct_node *node = &graph->nodes[n];
        for (int i = 0; !node->removed && i < node->input_count; i++)
            if (node->inputs[i] >= 0)
                (*uses)[node->inputs[i]]++;
    }
    for (int i = 0; i < graph->output_count; i++)
        (*uses)[graph->outputs[i]]++;
    return OCTET_OK;
}

/* ---- nodes ---- */

const char *oct_node_label(const struct oct_graph *graph, const struct oct_node *node)
{
    if (node->name[0])
        return node->name;
    for (int i = 0; i < node->output_count; i++)
        if (node->outputs[i] >= 0)
            return graph->values[node->outputs[i]].name;
    return "";
}

octet_status oct_node_fail(const struct oct_graph *graph, const struct oct_node *node,
                           octet_status status, const char *format, ...)
{
    char reason[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    return oct_fail(graph->ctx, status, "%s: operator %.80s at node '%.200s': %s", graph->name,
                    node->op_name, oct_node_label(graph, node), reason);
}

const struct oct_attribute *oct_node_attribute(const struct oct_node *node, const char *name,
                                               enum oct_attribute_kind kind)
{
    for (int i = 0; i < node->attribute_count; i++)
        if (node->attributes[i].kind == kind && strcmp(node->attributes[i].name, name) == 0)
            return &node->attributes[i];
    return NULL;
}

int64_t oct_node_int(const struct oct_node *node, const char *name, int64_t otherwise)
{
    const struct oct_attribute *attribute = oct_node_attribute(node, name, OCT_ATTRIBUTE_INT);
    return attribute ? attribute->integer : otherwise;
}

float oct_node_float(const struct oct_node *node, const char *name, float otherwise)
{
    const struct oct_attribute *attribute = oct_node_attribute(node, name, OCT_ATTRIBUTE_FLOAT);
    return attribute ? attribute->number : otherwise;
}

const char *oct_node_string(const struct oct_node *node, const char *name, const char *otherwise)
{
    const struct oct_attribute *attribute = oct_node_attribute(node, name, OCT_ATTRIBUTE_STRING);
    return attribute ? attribute->text : otherwise;
}
