/* SPDX-License-Identifier: Apache-2.0 */
/* What the passes wrote down of a model's convolutions and means, in the terms of an export. */
#include "compiler/export/placement.h"

#include <string.h>

#include "compiler/graph/groups.h"

/* ---- what is refused ---- */

/* QuantizeLinear, DynamicQuantizeLinear, QLinearConv, ConvInteger, QGemm and their like. */
static bool is_quantised(const char *op_name)
{
    const char *dot = strrchr(op_name, '.');
    const char *type = dot ? dot + 1 : op_name;
    return strstr(type, "Quantize") || strstr(type, "Integer") ||
           strncmp(type, "QLinear", 7) == 0 || strcmp(type, "QGemm") == 0;
}

/* Nodes that nothing needs count as well: other programs stumble over them. */
static octet_status refuse_quantised(const struct oct_graph *graph)
{
    for (int n = 0; n < graph->file.ordered_count; n++) {
        const struct oct_file_node *from = &graph->file.nodes[graph->file.order[n]];
        const struct oct_node node = {.op_name = from->op_name,
                                      .name = from->name,
                                      .output_count = from->output_count,
                                      .outputs = (int *)from->outputs};
        if (is_quantised(from->op_name))
            return oct_node_fail(graph, &node, OCTET_UNSUPPORTED_MODEL,
                                 "already quantised: give the float model");
    }
    return OCTET_OK;
}

/* ---- convolutions ---- */

static void place_convolution(const struct oct_graph *graph, const struct oct_layer_notes *notes,
                              struct oct_placed_convolution *c)
{
    const struct oct_part *conv = notes->parts;
    const struct oct_part *norm = oct_part_find(notes->parts, notes->part_count, OCT_ROLE_NORM);
    const struct oct_part *gate = oct_part_find(notes->parts, notes->part_count, OCT_ROLE_GATE);
    const struct oct_part *activation =
        oct_part_find(notes->parts, notes->part_count, OCT_ROLE_ACTIVATION);
    const struct oct_part *sum = oct_part_find(notes->parts, notes->part_count, OCT_ROLE_SUM);
    const char *name = graph->file.nodes[conv->node].op_name;
    c->node = conv->node;
    c->is_transposed = strcmp(name, "ConvTranspose") == 0;
    c->norm = norm ? norm->node : -1;
    c->input = graph->file.nodes[conv->node].inputs[0];
    c->result = norm ? norm->value : conv->value;
    c->gate = gate ? gate->value : -1;
    c->activated = activation ? activation->value : -1;
    c->sum = sum ? sum->node : -1;
    c->other = sum ? sum->other : -1;
    c->output = notes->parts[notes->part_count - 1].value;
    c->is_identity = !c->is_transposed && strcmp(name, "Conv") != 0;
}

static void place_mean(const struct oct_graph *graph, const struct oct_layer_notes *notes,
                       struct oct_placed_mean *mean)
{
    mean->node = notes->parts->node;
    mean->input = graph->file.nodes[mean->node].inputs[0];
    mean->output = notes->parts->value;
}

static void place_all(const struct oct_placed_model *model, struct oct_placement *p)
{
    const struct oct_network *network = model->network;
    for (int i = 0; i < network->layer_count; i++) {
        const struct oct_layer_notes *notes =
            model->sources[i] < 0 ? NULL : &model->imported->notes[model->sources[i]];
        if (network->layers[i].operation == OCT_ATTENTION)
            p->attentions[p->attention_count++] =
                (struct oct_placed_attention){i, notes->parts[notes->part_count - 1].value};
        if (network->layers[i].operation == OCT_WINDOW_MEAN) {
            struct oct_placed_mean *mean = &p->means[p->mean_count++];
            mean->layer = i;
            place_mean(p->graph, notes, mean);
        }
        if (network->layers[i].operation != OCT_CONVOLUTION)
            continue;
        struct oct_placed_convolution *c = &p->convolutions[p->count++];
        c->layer = i;
        c->rows = notes->rows;
        for (int o = 0; o < p->count - 1 && c->rows; o++)
            c->is_further = c->is_further || p->convolutions[o].node == notes->parts->node;
        place_convolution(p->graph, notes, c);
        for (int o = 0; o < network->head.output_count; o++)
            c->is_last = c->is_last || network->head.outputs[o].tensor == network->layers[i].output;
    }
}

/* ---- the body ---- */

/* What the head's last convolutions depend on; `wanted` has room for all values. */
static void mark_body(struct oct_placement *p, bool *wanted)
{
    const struct oct_provenance *file = &p->graph->file;
    for (int i = 0; i < p->count; i++)
        if (p->convolutions[i].is_last)
            wanted[p->convolutions[i].result] = true;
    for (int n = file->ordered_count; n-- > 0;) {
        const struct oct_file_node *node = &file->nodes[file->order[n]];
        bool *body = &p->body[file->order[n]];
        for (int i = 0; i < node->output_count; i++)
            *body = *body || (node->outputs[i] >= 0 && wanted[node->outputs[i]]);
        for (int i = 0; *body && i < node->input_count; i++)
            if (node->inputs[i] >= 0)
                wanted[node->inputs[i]] = true;
    }
}

octet_status oct_place(octet_context *ctx, struct oct_arena *arena,
                       const struct oct_placed_model *model, struct oct_placement *placement)
{
    const struct oct_graph *graph = model->graph;
    const size_t values = (size_t)graph->file.value_count;
    const size_t layers = (size_t)model->network->layer_count;
    const octet_status status = refuse_quantised(graph);
    if (status)
        return status;
    *placement = (struct oct_placement){
        .graph = graph,
        .network = model->network,
        .convolutions = oct_arena_calloc(arena, layers, sizeof *placement->convolutions),
        .attentions = oct_arena_calloc(arena, layers, sizeof *placement->attentions),
        .means = oct_arena_calloc(arena, layers, sizeof *placement->means),
        .body = oct_arena_calloc(arena, (size_t)graph->file.node_count, sizeof *placement->body),
        .group = oct_arena_calloc(arena, values, sizeof *placement->group),
    };
    bool *wanted = oct_arena_calloc(arena, values, sizeof *wanted);
    if (!placement->convolutions || !placement->attentions || !placement->means ||
        !placement->body || !placement->group || !wanted)
        return oct_fail_memory(ctx, "the export");
    place_all(model, placement);
    mark_body(placement, wanted);
    memcpy(placement->group, graph->file.group, values * sizeof *placement->group);
    for (int v = 0; v < graph->file.value_count; v++)
        placement->group[v] = oct_group_root(placement->group, v);
    return OCTET_OK;
}
