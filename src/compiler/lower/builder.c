/* SPDX-License-Identifier: Apache-2.0 */
/* Networks grow here, tensor by tensor and layer by layer. */
#include "compiler/lower/builder.h"

#include <string.h>

#define ROOM_FIRST 256

/* Arrays of an arena do not grow in place: twice the room, and what was there is copied. */
static bool grow(struct oct_arena *arena, void *array_pointer, size_t *room, size_t count,
                 size_t size)
{
    if (count < *room)
        return true;
    const size_t more = *room ? 2 * *room : ROOM_FIRST;
    void **array = array_pointer, *larger = oct_arena_calloc(arena, more, size);
    if (!larger)
        return false;
    if (count)
        memcpy(larger, *array, count * size);
    *array = larger;
    *room = more;
    return true;
}

octet_status oct_lower_begin(struct oct_lowering *builder, octet_context *ctx,
                             struct oct_arena *arena, struct oct_network *network, size_t tensors,
                             size_t layers)
{
    *builder = (struct oct_lowering){.ctx = ctx,
                                     .arena = arena,
                                     .network = network,
                                     .tensor_room = tensors,
                                     .layer_room = layers};
    network->tensor_count = 0;
    network->layer_count = 0;
    network->tensors = oct_arena_calloc(arena, tensors, sizeof *network->tensors);
    network->layers = oct_arena_calloc(arena, layers, sizeof *network->layers);
    builder->grouped = oct_arena_calloc(arena, tensors, sizeof *builder->grouped);
    return network->tensors && network->layers && builder->grouped
               ? OCTET_OK
               : oct_fail_memory(ctx, "the network");
}

octet_status oct_lower_add_tensor(struct oct_lowering *builder, const struct oct_tensor *tensor,
                                  int *index)
{
    struct oct_network *network = builder->network;
    const size_t count = (size_t)network->tensor_count;
    size_t room = builder->tensor_room;
    const struct oct_tensor added = *tensor; /* which may lie in the array that moves */
    if (count >= OCT_TENSORS_MAX)
        return oct_fail(builder->ctx, OCTET_UNSUPPORTED_MODEL, "the model has too many tensors");
    if (!grow(builder->arena, &builder->grouped, &room, count, sizeof *builder->grouped) ||
        !grow(builder->arena, &network->tensors, &builder->tensor_room, count,
              sizeof *network->tensors))
        return oct_fail_memory(builder->ctx, "the network");
    network->tensors[count] = added;
    builder->grouped[count] = false;
    *index = network->tensor_count++;
    return OCTET_OK;
}

octet_status oct_lower_add_layer(struct oct_lowering *builder, const struct oct_layer *layer)
{
    struct oct_network *network = builder->network;
    const size_t count = (size_t)network->layer_count;
    if (count >= OCT_LAYERS_MAX)
        return oct_fail(builder->ctx, OCTET_UNSUPPORTED_MODEL, "the model has too many layers");
    if (!grow(builder->arena, &network->layers, &builder->layer_room, count,
              sizeof *network->layers))
        return oct_fail_memory(builder->ctx, "the network");
    network->layers[network->layer_count++] = *layer;
    return OCTET_OK;
}

octet_status oct_lower_add_output(struct oct_lowering *builder, const char *name, int channels,
                                  enum oct_type type, struct oct_quantization quantization,
                                  int *index)
{
    const struct oct_tensor tensor = {
        .name = name,
        .kind = OCT_TENSOR_LAYER,
        .type = type,
        .channels = channels,
        .quantization = type == OCT_TYPE_U8 ? quantization : (struct oct_quantization){0.0f, 0},
        .parent = -1};
    return oct_lower_add_tensor(builder, &tensor, index);
}

octet_status oct_lower_add_copy(struct oct_lowering *builder, int input, const char *name,
                                enum oct_type type, struct oct_quantization quantization,
                                int *output)
{
    const int channels = builder->network->tensors[input].channels;
    const octet_status status =
        oct_lower_add_output(builder, name, channels, type, quantization, output);
    const struct oct_layer layer = {.name = name,
                                    .operation = OCT_COPY,
                                    .input = input,
                                    .output = *output,
                                    .residual = -1,
                                    .kernel = 1,
                                    .stride = 1};
    return status ? status : oct_lower_add_layer(builder, &layer);
}

octet_status oct_lower_as_member(struct oct_lowering *builder, int *tensor)
{
    const struct oct_network *network = builder->network;
    const struct oct_tensor *t = &network->tensors[*tensor];
    const int leaf = oct_network_resolve(network, *tensor, 0).tensor;
    octet_status status = OCTET_OK;
    if ((t->kind != OCT_TENSOR_LAYER && t->kind != OCT_TENSOR_CONCAT) || builder->grouped[*tensor])
        status = oct_lower_add_copy(builder, *tensor, t->name, t->type,
                                    network->tensors[leaf].quantization, tensor);
    if (!status)
        builder->grouped[*tensor] = true;
    return status;
}
