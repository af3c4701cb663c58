/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors and layers are added to the network that is being built. */
#include <string.h>

#include "compiler/passes/passes.h"

int oct_builder_tensor(struct oct_builder *builder, int value, enum oct_tensor_kind kind)
{
    struct oct_network *network = &builder->imported->network;
    const struct oct_value *from = &builder->import->graph->values[value];
    if (!oct_grow(builder->import->ctx, &builder->tensors, &builder->tensor_capacity,
                  (size_t)network->tensor_count + 1, sizeof *builder->tensors))
        return -1;
    struct oct_tensor *tensor = &builder->tensors[network->tensor_count];
    *tensor = (struct oct_tensor){
        .kind = kind, .type = OCT_TYPE_F32, .channels = (int)from->array.dims[1], .parent = -1};
    tensor->name = oct_arena_strdup(&builder->imported->arena, from->name);
    if (!tensor->name)
        return -1;
    builder->tensor_of[value] = network->tensor_count;
    return network->tensor_count++;
}

octet_status oct_builder_input(struct oct_builder *builder, const struct oct_node *node, int index,
                               int *tensor)
{
    const struct oct_graph *graph = builder->import->graph;
    int value = index < node->input_count ? node->inputs[index] : -1;
    *tensor = value >= 0 ? builder->tensor_of[value] : -1;
    if (*tensor >= 0)
        return OCTET_OK;
    return oct_node_fail(graph, node, OCTET_UNSUPPORTED_OPERATOR,
                         "its input '%.200s' is not computed from the picture",
                         value >= 0 ? graph->values[value].name : "");
}

static bool copy_parts(struct oct_arena *arena, const struct oct_node *node,
                       struct oct_layer_notes *notes)
{
    const size_t count = (size_t)node->part_count;
    struct oct_part *parts = oct_arena_calloc(arena, count, sizeof *parts);
    if (parts && count)
        memcpy(parts, node->parts, count * sizeof *parts);
    notes->parts = parts;
    notes->part_count = node->part_count;
    return parts;
}

octet_status oct_builder_layer(struct oct_builder *builder, const struct oct_node *node,
                               const struct oct_layer *layer, const struct oct_layer_notes *notes)
{
    struct oct_imported *imported = builder->imported;
    octet_context *ctx = builder->import->ctx;
    const size_t count = (size_t)imported->network.layer_count + 1;
    if (!oct_grow(ctx, &builder->layers, &builder->layer_capacity, count,
                  sizeof *builder->layers) ||
        !oct_grow(ctx, &builder->notes, &builder->note_capacity, count, sizeof *builder->notes))
        return oct_fail_memory(ctx, "the network");
    struct oct_layer *added = &builder->layers[count - 1];
    *added = *layer;
    builder->notes[count - 1] = notes ? *notes : (struct oct_layer_notes){0};
    if (!copy_parts(&imported->arena, node, &builder->notes[count - 1]))
        return oct_fail_memory(ctx, "the network");
    added->name = oct_arena_strdup(&imported->arena, oct_node_label(builder->import->graph, node));
    added->output = oct_builder_tensor(builder, node->outputs[0], OCT_TENSOR_LAYER);
    if (!added->name || added->output < 0)
        return oct_fail_memory(ctx, "the network");
    imported->network.layer_count++;
    return OCTET_OK;
}
