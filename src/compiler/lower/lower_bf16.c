/* SPDX-License-Identifier: Apache-2.0 */
/* From a float network to one of bfloat16. */
#include <string.h>

#include "base/bfloat16.h"
#include "compiler/lower/lower.h"
#include "network/operations.h"

/* What only moves gives the type that it is given, and so do means. */
static bool spread(const struct oct_network *network, const int *group, bool *is_float)
{
    bool spreads = false;
    for (int i = 0; i < network->layer_count; i++) {
        const struct oct_layer *layer = &network->layers[i];
        bool *input = &is_float[group[layer->input]], *output = &is_float[group[layer->output]];
        const bool keeps =
            oct_operation_row(layer->operation)->moves || layer->operation == OCT_WINDOW_MEAN;
        if (keeps && *input != *output)
            spreads = *input = *output = true;
    }
    return spreads;
}

octet_status oct_round_weights(octet_context *ctx, struct oct_arena *arena,
                               const struct oct_network *network, struct oct_layer *layer)
{
    const size_t count = (size_t)oct_layer_weights(network, layer);
    uint16_t *bf16 = oct_arena_calloc(arena, count, sizeof *bf16);
    if (!bf16)
        return oct_fail_memory(ctx, "bfloat16 weights");
    for (size_t i = 0; i < count; i++)
        bf16[i] = oct_bf16_of(layer->values[i]);
    layer->bf16 = bf16;
    layer->values = NULL;
    return OCTET_OK;
}

void oct_choose_bf16(const struct oct_network *network, const int *group, bool *is_float)
{
    for (int i = 0; i < network->head.output_count; i++)
        is_float[group[network->head.outputs[i].tensor]] = true;
    while (spread(network, group, is_float))
        continue;
}

octet_status oct_lower_bf16(octet_context *ctx, struct oct_arena *arena,
                            const struct oct_network *from, struct oct_network *network)
{
    const size_t tensors = (size_t)from->tensor_count, layers = (size_t)from->layer_count;
    *network = *from;
    network->tensors = oct_arena_calloc(arena, tensors, sizeof *network->tensors);
    network->layers = oct_arena_calloc(arena, layers, sizeof *network->layers);
    int *group = oct_arena_calloc(arena, tensors, sizeof *group);
    bool *is_float = oct_arena_calloc(arena, tensors, sizeof *is_float);
    if (!network->tensors || !network->layers || !group || !is_float)
        return oct_fail_memory(ctx, "the network");
    memcpy(network->tensors, from->tensors, tensors * sizeof *network->tensors);
    memcpy(network->layers, from->layers, layers * sizeof *network->layers);
    oct_group_tensors(network, group);
    oct_choose_bf16(network, group, is_float);
    for (size_t i = 0; i < tensors; i++)
        network->tensors[i].type = is_float[group[i]] ? OCT_TYPE_F32 : OCT_TYPE_BF16;
    octet_status status = OCTET_OK;
    for (size_t i = 0; i < layers && !status; i++)
        if (network->layers[i].operation == OCT_CONVOLUTION &&
            network->tensors[network->layers[i].input].type == OCT_TYPE_BF16)
            status = oct_round_weights(ctx, arena, network, &network->layers[i]);
    return status;
}
