/* SPDX-License-Identifier: Apache-2.0 */
/* Looks up a network's layers in the file's graph, and groups the values of one scale. */
#include "compiler/export/placement.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/graph/groups.h"

/* QuantizeLinear, DynamicQuantizeLinear, QLinearConv, ConvInteger, QGemm and their like. */
static bool is_quantised(const char *op_name)
{
    const char *dot = strrchr(op_name, '.');
    const char *type = dot ? dot + 1 : op_name;
    return strstr(type, "Quantize") || strstr(type, "Integer") ||
           strncmp(type, "QLinear", 7) == 0 || strcmp(type, "QGemm") == 0;
}

static octet_status refuse_quantised(const struct oct_graph *graph)
{
    for (size_t n = 0; n < graph->node_count; n++)
        if (is_quantised(graph->nodes[n].op_name))
            return oct_node_fail(graph, &graph->nodes[n], OCTET_UNSUPPORTED_MODEL,
                                 "already quantised: give the float model");
    return OCTET_OK;
}

octet_status oct_export_open(octet_context *ctx, const void *bytes, size_t size, const char *name,
                             struct oct_import *import)
{
    *import = (struct oct_import){.ctx = ctx, .name = name};
    import->graph = &import->onnx.graph;
    octet_status status = oct_onnx_open(ctx, bytes, size, name, &import->onnx);
    if (!status)
        status = refuse_quantised(import->graph);
    if (!status)
        status = oct_bind_shapes(import);
    return status ? status : oct_fold_constants(import);
}

struct search {
    octet_context *ctx;
    struct oct_arena *arena;
    struct oct_placement *p;
    int *uses;   /* [values] */
    int *sorted; /* [values], by name */
};

/* ---- values by name ---- */

static int compare_values(const void *a, const void *b, void *user)
{
    const struct oct_graph *graph = user;
    return strcmp(graph->values[*(const int *)a].name, graph->values[*(const int *)b].name);
}

static int find_value(const struct search *s, const char *name)
{
    const struct oct_graph *graph = s->p->graph;
    size_t low = 0, high = graph->value_count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (strcmp(graph->values[s->sorted[middle]].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    const bool found =
        low < graph->value_count && strcmp(graph->values[s->sorted[low]].name, name) == 0;
    return found ? s->sorted[low] : -1;
}

/* ---- a convolution and its chain ---- */

static bool changes_nothing(const struct oct_graph *graph, const struct oct_node *node)
{
    if (node->op == OCT_OP_CAST)
        return graph->values[node->inputs[0]].array.type == OCT_DATA_FLOAT &&
               graph->values[node->outputs[0]].array.type == OCT_DATA_FLOAT;
    return node->op == OCT_OP_IDENTITY || node->op == OCT_OP_DROPOUT;
}

static int skip_nothing(const struct oct_graph *graph, int value)
{
    const struct oct_node *node = oct_graph_producer(graph, value);
    while (node && changes_nothing(graph, node)) {
        value = node->inputs[0];
        node = oct_graph_producer(graph, value);
    }
    return value;
}

/* x of x * sigmoid(x), or -1. */
static int gated_value(const struct oct_graph *graph, const struct oct_node *node, int *gate)
{
    for (int i = 0; i < 2; i++) {
        const int by = skip_nothing(graph, node->inputs[1 - i]);
        const struct oct_node *sigmoid = oct_graph_producer(graph, by);
        if (sigmoid && sigmoid->op == OCT_OP_SIGMOID &&
            skip_nothing(graph, sigmoid->inputs[0]) == skip_nothing(graph, node->inputs[i])) {
            *gate = by;
            return sigmoid->inputs[0];
        }
    }
    return -1;
}

/* Back from `value` to a convolution; false when it ends elsewhere. */
static bool walk_chain(const struct oct_graph *graph, int value, bool silu,
                       struct oct_placed_convolution *c)
{
    const struct oct_node *node;
    while ((node = oct_graph_producer(graph, value = skip_nothing(graph, value)))) {
        if (node->op == OCT_OP_CONV) {
            c->node = graph->values[value].producer;
            c->input = node->inputs[0];
            c->result = c->norm >= 0 ? graph->nodes[c->norm].outputs[0] : value;
            return silu == (c->activated >= 0);
        }
        if (node->op == OCT_OP_BATCH_NORMALIZATION && c->norm < 0) {
            c->norm = graph->values[value].producer;
            value = node->inputs[0];
        } else if ((node->op == OCT_OP_MUL || node->op == OCT_OP_SWISH) && c->activated < 0 &&
                   c->norm < 0) {
            c->activated = value;
            value = node->op == OCT_OP_SWISH ? node->inputs[0] : gated_value(graph, node, &c->gate);
        } else {
            return false;
        }
    }
    return false;
}

/* As fuse_residual chose: the operand that one convolution makes for the Add alone, of two the
 * later. */
static bool walk_sum(const struct search *s, bool silu, struct oct_placed_convolution *c)
{
    const struct oct_graph *graph = s->p->graph;
    const int value = skip_nothing(graph, c->output);
    const struct oct_node *add = oct_graph_producer(graph, value);
    if (!add || add->op != OCT_OP_ADD)
        return false;
    struct oct_placed_convolution best = *c;
    for (int i = 0; i < 2; i++) {
        struct oct_placed_convolution found = *c;
        if (s->uses[add->inputs[i]] != 1 || !walk_chain(graph, add->inputs[i], silu, &found) ||
            found.node < best.node)
            continue;
        best = found;
        best.sum = graph->values[value].producer;
        best.other = add->inputs[1 - i];
    }
    *c = best;
    return c->node >= 0;
}

static octet_status place_convolution(const struct search *s, int layer,
                                      struct oct_placed_convolution *c)
{
    const struct oct_network *network = s->p->network;
    const struct oct_layer *l = &network->layers[layer];
    const char *name = network->tensors[l->output].name;
    *c = (struct oct_placed_convolution){layer, -1, -1, -1, -1, -1, -1, -1, -1, -1, false};
    c->output = find_value(s, name);
    const bool found =
        c->output >= 0 && (l->residual >= 0 ? walk_sum(s, l->silu, c)
                                            : walk_chain(s->p->graph, c->output, l->silu, c));
    if (!found)
        return oct_fail(s->ctx, OCTET_UNSUPPORTED_MODEL,
                        "%s: the convolution behind '%.200s' is not found in the graph",
                        s->p->graph->name, name);
    for (int i = 0; i < network->head.output_count; i++)
        c->is_last = c->is_last || network->head.outputs[i].tensor == l->output;
    return OCTET_OK;
}

static octet_status place_all(struct search *s)
{
    struct oct_placement *p = s->p;
    octet_status status = OCTET_OK;
    for (int i = 0; i < p->network->layer_count && !status; i++)
        if (p->network->layers[i].operation == OCT_CONVOLUTION)
            status = place_convolution(s, i, &p->convolutions[p->count++]);
    return status;
}

/* ---- groups ---- */

static octet_status mark_body(struct search *s)
{
    struct oct_placement *p = s->p;
    const struct oct_graph *graph = p->graph;
    bool *wanted = oct_arena_calloc(s->arena, graph->value_count, sizeof *wanted);
    if (!wanted)
        return oct_fail_memory(s->ctx, "the export");
    for (int i = 0; i < p->count; i++)
        if (p->convolutions[i].is_last)
            wanted[p->convolutions[i].result] = true;
    for (size_t n = graph->node_count; n-- > 0;) {
        const struct oct_node *node = &graph->nodes[n];
        for (int i = 0; i < node->output_count; i++)
            p->body[n] = p->body[n] || (node->outputs[i] >= 0 && wanted[node->outputs[i]]);
        for (int i = 0; p->body[n] && i < node->input_count; i++)
            if (node->inputs[i] >= 0)
                wanted[node->inputs[i]] = true;
    }
    return OCTET_OK;
}

static void join(struct oct_placement *p, int a, int b)
{
    if (a < 0 || b < 0 || p->graph->values[a].array.type != OCT_DATA_FLOAT ||
        p->graph->values[b].array.type != OCT_DATA_FLOAT)
        return;
    oct_group_join(p->group, a, b);
}

static void join_node(struct oct_placement *p, const struct oct_node *node)
{
    switch (node->op) {
    case OCT_OP_CONCAT:
        for (int i = 0; i < node->input_count; i++)
            join(p, node->inputs[i], node->outputs[0]);
        break;
    case OCT_OP_SPLIT:
        for (int i = 0; i < node->output_count; i++)
            join(p, node->inputs[0], node->outputs[i]);
        break;
    case OCT_OP_MAX_POOL:
    case OCT_OP_RESIZE:
    case OCT_OP_UPSAMPLE:
    case OCT_OP_SLICE:
        join(p, node->inputs[0], node->outputs[0]);
        break;
    default:
        if (changes_nothing(p->graph, node))
            join(p, node->inputs[0], node->outputs[0]);
    }
}

static void make_groups(struct oct_placement *p)
{
    const struct oct_graph *graph = p->graph;
    for (size_t v = 0; v < graph->value_count; v++)
        p->group[v] = (int)v;
    for (size_t n = 0; n < graph->node_count; n++)
        if (p->body[n])
            join_node(p, &graph->nodes[n]);
    for (size_t v = 0; v < graph->value_count; v++)
        p->group[v] = oct_group_root(p->group, (int)v);
}

octet_status oct_place(octet_context *ctx, struct oct_arena *arena, const struct oct_graph *graph,
                       const struct oct_network *network, struct oct_placement *placement)
{
    const size_t values = graph->value_count, layers = (size_t)network->layer_count;
    *placement = (struct oct_placement){
        .graph = graph,
        .network = network,
        .convolutions = oct_arena_calloc(arena, layers, sizeof *placement->convolutions),
        .body = oct_arena_calloc(arena, graph->node_count, sizeof *placement->body),
        .group = oct_arena_calloc(arena, values, sizeof *placement->group),
    };
    struct search s = {.ctx = ctx, .arena = arena, .p = placement};
    s.sorted = oct_arena_calloc(arena, values, sizeof *s.sorted);
    octet_status status = oct_graph_count_uses(graph, &s.uses);
    if (!status && (!placement->convolutions || !placement->body || !placement->group || !s.sorted))
        status = oct_fail_memory(ctx, "the export");
    if (!status) {
        for (size_t v = 0; v < values; v++)
            s.sorted[v] = (int)v;
        qsort_r(s.sorted, values, sizeof *s.sorted, compare_values, (void *)graph);
        status = place_all(&s);
    }
    if (!status)
        status = mark_body(&s);
    if (!status)
        make_groups(placement);
    oct_free(ctx, s.uses);
    return status;
}
