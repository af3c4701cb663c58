/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "compiler/lower/lower.h"

struct lowering {
    octet_context *ctx;
    struct oct_arena *arena;
    const struct oct_imported *imported;
    struct oct_network *network;
    int tensor_room, layer_room;
    int *mapped;    /* [network tensors]: network tensor, or -1 */
    int *unshifted; /* [network tensors]: the copy of a slice, or -1 */
    bool *grouped;  /* [network tensors]: member of a concat already */
};

static octet_status add_tensor(struct lowering *l, const struct oct_tensor *tensor, int *index)
{
    if (l->network->tensor_count == l->tensor_room)
        return oct_fail(l->ctx, OCTET_INTERNAL, "the plan has more tensors than were counted");
    *index = l->network->tensor_count++;
    l->network->tensors[*index] = *tensor;
    return OCTET_OK;
}

static octet_status add_layer(struct lowering *l, const struct oct_layer *layer)
{
    if (l->network->layer_count == l->layer_room)
        return oct_fail(l->ctx, OCTET_INTERNAL, "the plan has more layers than were counted");
    l->network->layers[l->network->layer_count++] = *layer;
    return OCTET_OK;
}

static octet_status map_tensor(struct lowering *l, int tensor, int *index);

/* A layer that copies tensor `*index`, which becomes its output. */
static octet_status add_copy(struct lowering *l, int *index)
{
    const struct oct_tensor *t = &l->network->tensors[*index];
    const struct oct_tensor copy = {.name = t->name,
                                    .kind = OCT_TENSOR_LAYER,
                                    .type = t->type,
                                    .channels = t->channels,
                                    .parent = -1};
    const int from = *index;
    const octet_status status = add_tensor(l, &copy, index);
    const struct oct_layer layer = {.name = copy.name,
                                    .operation = OCT_COPY,
                                    .input = from,
                                    .output = *index,
                                    .residual = -1,
                                    .kernel = 1,
                                    .stride = 1};
    return status ? status : add_layer(l, &layer);
}

/* A tensor that may lie in a concat's buffer: `member` itself, or a copy of it. */
static octet_status as_member(struct lowering *l, int member, int *index)
{
    octet_status status = map_tensor(l, member, index);
    if (status)
        return status;
    const struct oct_tensor *t = &l->network->tensors[*index];
    const bool can = t->kind == OCT_TENSOR_LAYER || t->kind == OCT_TENSOR_CONCAT;
    if (!can || l->grouped[*index])
        status = add_copy(l, index);
    if (!status)
        l->grouped[*index] = true;
    return status;
}

static octet_status map_concat(struct lowering *l, const struct oct_imported_tensor *from,
                               int *index)
{
    struct oct_tensor to = {.name = from->name,
                            .kind = OCT_TENSOR_CONCAT,
                            .type = OCT_TYPE_F32,
                            .channels = from->channels,
                            .parent = -1,
                            .member_count = from->member_count};
    if (from->member_count < 1 || from->member_count > OCT_CONCAT_MAX)
        return oct_fail(l->ctx, OCTET_UNSUPPORTED_MODEL, "concat \"%s\" has %d parts", from->name,
                        from->member_count);
    for (int i = 0; i < from->member_count; i++) {
        const octet_status status = as_member(l, from->members[i], &to.members[i]);
        if (status)
            return status;
    }
    return add_tensor(l, &to, index);
}

static octet_status map_slice(struct lowering *l, const struct oct_imported_tensor *from,
                              int *index)
{
    struct oct_tensor to = {.name = from->name,
                            .kind = OCT_TENSOR_SLICE,
                            .type = OCT_TYPE_F32,
                            .channels = from->channels,
                            .offset = from->offset};
    const octet_status status = map_tensor(l, from->parent, &to.parent);
    return status ? status : add_tensor(l, &to, index);
}

/* The network's tensor for a network's; views are made when they are first read. */
static octet_status map_tensor(struct lowering *l, int tensor, int *index)
{
    if (l->mapped[tensor] >= 0) {
        *index = l->mapped[tensor];
        return OCTET_OK;
    }
    const struct oct_imported_tensor *from = &l->imported->tensors[tensor];
    octet_status status;
    if (from->kind == OCT_TENSOR_CONCAT)
        status = map_concat(l, from, index);
    else if (from->kind == OCT_TENSOR_SLICE)
        status = map_slice(l, from, index);
    else if (from->kind == OCT_TENSOR_CODED)
        status = map_tensor(l, from->parent, index);
    else
        status = oct_fail(l->ctx, OCTET_INTERNAL, "tensor \"%s\" is read before it is written",
                          from->name);
    if (!status)
        l->mapped[tensor] = *index;
    return status;
}

/* A tensor for those who cannot read a slice from any channel on: itself, or a copy of it. Copied
 * once. */
static octet_status map_unshifted(struct lowering *l, int tensor, int *index)
{
    octet_status status = map_tensor(l, tensor, index);
    if (status || oct_network_shift(l->network, *index) == 0)
        return status;
    if (l->unshifted[tensor] < 0)
        status = add_copy(l, index);
    else
        *index = l->unshifted[tensor];
    l->unshifted[tensor] = *index;
    return status;
}

static octet_status lower_layer(struct lowering *l, const struct oct_imported_layer *from)
{
    static const enum oct_operation operations[] = {
        [OCT_CONVOLUTION] = OCT_CONVOLUTION,
        [OCT_MAX_POOL] = OCT_MAX_POOL,
        [OCT_UPSAMPLE] = OCT_UPSAMPLE,
    };
    const bool convolution = from->operation == OCT_CONVOLUTION;
    struct oct_layer to = {
        .name = from->name,
        .operation = operations[from->operation],
        .residual = -1,
        .kernel = from->operation == OCT_UPSAMPLE ? 1 : from->kernel,
        .stride = convolution ? from->stride : 1,
        .padding = convolution ? from->padding : 0,
        .silu = convolution && from->silu,
        .values = convolution ? from->weights : NULL,
        .bias = convolution ? from->bias : NULL,
    };
    octet_status status = convolution ? map_tensor(l, from->input, &to.input)
                                      : map_unshifted(l, from->input, &to.input);
    if (!status && convolution && from->residual >= 0)
        status = map_unshifted(l, from->residual, &to.residual);
    if (status)
        return status;
    const struct oct_imported_tensor *output = &l->imported->tensors[from->output];
    const struct oct_tensor tensor = {.name = output->name,
                                      .kind = OCT_TENSOR_LAYER,
                                      .type = OCT_TYPE_F32,
                                      .channels = output->channels,
                                      .parent = -1};
    status = add_tensor(l, &tensor, &to.output);
    l->mapped[from->output] = to.output;
    return status ? status : add_layer(l, &to);
}

static octet_status lower_all(struct lowering *l)
{
    const struct oct_imported *imported = l->imported;
    const struct oct_tensor input = {.name = imported->tensors[imported->input_tensor].name,
                                     .kind = OCT_TENSOR_INPUT,
                                     .type = OCT_TYPE_F32,
                                     .channels = 3,
                                     .parent = -1};
    int index;
    octet_status status = add_tensor(l, &input, &index);
    l->mapped[imported->input_tensor] = 0;
    for (int i = 0; i < imported->layer_count && !status; i++)
        status = lower_layer(l, &imported->layers[i]);
    for (int i = 0; i < imported->level_count && !status; i++) {
        struct oct_level *level = &l->network->levels[i];
        level->stride = imported->levels[i].stride;
        status = map_tensor(l, imported->levels[i].box_tensor, &level->box_tensor);
        if (!status)
            status = map_tensor(l, imported->levels[i].class_tensor, &level->class_tensor);
    }
    return status;
}

void oct_lower_facts(const struct oct_imported *imported, struct oct_network *network)
{
    network->level_count = imported->level_count;
    network->class_count = imported->class_count;
    network->reg_max = imported->reg_max;
    network->input_height = imported->input_height;
    network->input_width = imported->input_width;
    network->size_is_fixed = imported->size_is_fixed;
    network->class_names = imported->class_names;
    network->description = imported->description;
    network->selection = imported->selection;
}

octet_status oct_lower_float(octet_context *ctx, struct oct_arena *arena,
                             const struct oct_imported *imported, struct oct_network *network)
{
    /* copies come from members of concats and from slices alone */
    int copies = 0;
    for (int i = 0; i < imported->tensor_count; i++)
        copies +=
            imported->tensors[i].member_count + (imported->tensors[i].kind == OCT_TENSOR_SLICE);
    struct lowering l = {.ctx = ctx,
                         .arena = arena,
                         .imported = imported,
                         .network = network,
                         .tensor_room = imported->tensor_count + copies + 1,
                         .layer_room = imported->layer_count + copies};
    memset(network, 0, sizeof *network);
    network->tensors = oct_arena_calloc(arena, (size_t)l.tensor_room, sizeof *network->tensors);
    network->layers = oct_arena_calloc(arena, (size_t)l.layer_room, sizeof *network->layers);
    l.mapped = oct_arena_calloc(arena, (size_t)imported->tensor_count, sizeof *l.mapped);
    l.unshifted = oct_arena_calloc(arena, (size_t)imported->tensor_count, sizeof *l.unshifted);
    l.grouped = oct_arena_calloc(arena, (size_t)l.tensor_room, sizeof *l.grouped);
    if (!network->tensors || !network->layers || !l.mapped || !l.unshifted || !l.grouped)
        return oct_fail_memory(ctx, "the plan");
    memset(l.mapped, -1, (size_t)imported->tensor_count * sizeof *l.mapped);
    memset(l.unshifted, -1, (size_t)imported->tensor_count * sizeof *l.unshifted);
    oct_lower_facts(imported, network);
    return lower_all(&l);
}
