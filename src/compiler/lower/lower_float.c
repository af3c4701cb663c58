/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "compiler/lower/lower.h"

struct lowering {
    octet_context *ctx;
    struct oct_arena *arena;
    const struct oct_network *network;
    struct oct_plan *plan;
    int tensor_room, layer_room;
    int *mapped;    /* [network tensors]: plan tensor, or -1 */
    int *unshifted; /* [network tensors]: the copy of a slice, or -1 */
    bool *grouped;  /* [plan tensors]: member of a concat already */
};

static octet_status add_tensor(struct lowering *l, const struct oct_plan_tensor *tensor, int *index)
{
    if (l->plan->tensor_count == l->tensor_room)
        return oct_fail(l->ctx, OCTET_INTERNAL, "the plan has more tensors than were counted");
    *index = l->plan->tensor_count++;
    l->plan->tensors[*index] = *tensor;
    return OCTET_OK;
}

static octet_status add_layer(struct lowering *l, const struct oct_plan_layer *layer)
{
    if (l->plan->layer_count == l->layer_room)
        return oct_fail(l->ctx, OCTET_INTERNAL, "the plan has more layers than were counted");
    l->plan->layers[l->plan->layer_count++] = *layer;
    return OCTET_OK;
}

static octet_status map_tensor(struct lowering *l, int tensor, int *index);

/* A layer that copies tensor `*index`, which becomes its output. */
static octet_status add_copy(struct lowering *l, int *index)
{
    const struct oct_plan_tensor *t = &l->plan->tensors[*index];
    const struct oct_plan_tensor copy = {.name = t->name,
                                         .kind = OCT_PLAN_LAYER,
                                         .type = t->type,
                                         .channels = t->channels,
                                         .parent = -1};
    const int from = *index;
    const octet_status status = add_tensor(l, &copy, index);
    const struct oct_plan_layer layer = {.name = copy.name,
                                         .operation = OCT_PLAN_COPY,
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
    const struct oct_plan_tensor *t = &l->plan->tensors[*index];
    const bool can = t->kind == OCT_PLAN_LAYER || t->kind == OCT_PLAN_CONCAT;
    if (!can || l->grouped[*index])
        status = add_copy(l, index);
    if (!status)
        l->grouped[*index] = true;
    return status;
}

static octet_status map_concat(struct lowering *l, const struct oct_network_tensor *from,
                               int *index)
{
    struct oct_plan_tensor to = {.name = from->name,
                                 .kind = OCT_PLAN_CONCAT,
                                 .type = OCT_TYPE_F32,
                                 .channels = from->channels,
                                 .parent = -1,
                                 .member_count = from->member_count};
    if (from->member_count < 1 || from->member_count > OCT_PLAN_CONCAT_MAX)
        return oct_fail(l->ctx, OCTET_UNSUPPORTED_MODEL, "concat \"%s\" has %d parts", from->name,
                        from->member_count);
    for (int i = 0; i < from->member_count; i++) {
        const octet_status status = as_member(l, from->members[i], &to.members[i]);
        if (status)
            return status;
    }
    return add_tensor(l, &to, index);
}

static octet_status map_slice(struct lowering *l, const struct oct_network_tensor *from, int *index)
{
    struct oct_plan_tensor to = {.name = from->name,
                                 .kind = OCT_PLAN_SLICE,
                                 .type = OCT_TYPE_F32,
                                 .channels = from->channels,
                                 .offset = from->offset};
    const octet_status status = map_tensor(l, from->parent, &to.parent);
    return status ? status : add_tensor(l, &to, index);
}

/* The plan's tensor for a network's; views are made when they are first read. */
static octet_status map_tensor(struct lowering *l, int tensor, int *index)
{
    if (l->mapped[tensor] >= 0) {
        *index = l->mapped[tensor];
        return OCTET_OK;
    }
    const struct oct_network_tensor *from = &l->network->tensors[tensor];
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
    if (status || oct_plan_shift(l->plan, *index) == 0)
        return status;
    if (l->unshifted[tensor] < 0)
        status = add_copy(l, index);
    else
        *index = l->unshifted[tensor];
    l->unshifted[tensor] = *index;
    return status;
}

static octet_status lower_layer(struct lowering *l, const struct oct_network_layer *from)
{
    static const enum oct_plan_operation operations[] = {
        [OCT_LAYER_CONVOLUTION] = OCT_PLAN_CONVOLUTION,
        [OCT_LAYER_MAX_POOL] = OCT_PLAN_MAX_POOL,
        [OCT_LAYER_UPSAMPLE] = OCT_PLAN_UPSAMPLE,
    };
    const bool convolution = from->kind == OCT_LAYER_CONVOLUTION;
    struct oct_plan_layer to = {
        .name = from->name,
        .operation = operations[from->kind],
        .residual = -1,
        .kernel = from->kind == OCT_LAYER_UPSAMPLE ? 1 : from->kernel,
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
    const struct oct_network_tensor *output = &l->network->tensors[from->output];
    const struct oct_plan_tensor tensor = {.name = output->name,
                                           .kind = OCT_PLAN_LAYER,
                                           .type = OCT_TYPE_F32,
                                           .channels = output->channels,
                                           .parent = -1};
    status = add_tensor(l, &tensor, &to.output);
    l->mapped[from->output] = to.output;
    return status ? status : add_layer(l, &to);
}

static octet_status lower_all(struct lowering *l)
{
    const struct oct_network *network = l->network;
    const struct oct_plan_tensor input = {.name = network->tensors[network->input_tensor].name,
                                          .kind = OCT_PLAN_INPUT,
                                          .type = OCT_TYPE_F32,
                                          .channels = 3,
                                          .parent = -1};
    int index;
    octet_status status = add_tensor(l, &input, &index);
    l->mapped[network->input_tensor] = 0;
    for (int i = 0; i < network->layer_count && !status; i++)
        status = lower_layer(l, &network->layers[i]);
    for (int i = 0; i < network->level_count && !status; i++) {
        struct oct_plan_level *level = &l->plan->levels[i];
        level->stride = network->levels[i].stride;
        status = map_tensor(l, network->levels[i].box_tensor, &level->box_tensor);
        if (!status)
            status = map_tensor(l, network->levels[i].class_tensor, &level->class_tensor);
    }
    return status;
}

void oct_lower_facts(const struct oct_network *network, struct oct_plan *plan)
{
    plan->level_count = network->level_count;
    plan->class_count = network->class_count;
    plan->reg_max = network->reg_max;
    plan->input_height = network->input_height;
    plan->input_width = network->input_width;
    plan->size_is_fixed = network->size_is_fixed;
    plan->class_names = network->class_names;
    plan->description = network->description;
    plan->selection = network->selection;
}

octet_status oct_lower_float(octet_context *ctx, struct oct_arena *arena,
                             const struct oct_network *network, struct oct_plan *plan)
{
    /* copies come from members of concats and from slices alone */
    int copies = 0;
    for (int i = 0; i < network->tensor_count; i++)
        copies += network->tensors[i].member_count + (network->tensors[i].kind == OCT_TENSOR_SLICE);
    struct lowering l = {.ctx = ctx,
                         .arena = arena,
                         .network = network,
                         .plan = plan,
                         .tensor_room = network->tensor_count + copies + 1,
                         .layer_room = network->layer_count + copies};
    memset(plan, 0, sizeof *plan);
    plan->tensors = oct_arena_calloc(arena, (size_t)l.tensor_room, sizeof *plan->tensors);
    plan->layers = oct_arena_calloc(arena, (size_t)l.layer_room, sizeof *plan->layers);
    l.mapped = oct_arena_calloc(arena, (size_t)network->tensor_count, sizeof *l.mapped);
    l.unshifted = oct_arena_calloc(arena, (size_t)network->tensor_count, sizeof *l.unshifted);
    l.grouped = oct_arena_calloc(arena, (size_t)l.tensor_room, sizeof *l.grouped);
    if (!plan->tensors || !plan->layers || !l.mapped || !l.unshifted || !l.grouped)
        return oct_fail_memory(ctx, "the plan");
    memset(l.mapped, -1, (size_t)network->tensor_count * sizeof *l.mapped);
    memset(l.unshifted, -1, (size_t)network->tensor_count * sizeof *l.unshifted);
    oct_lower_facts(network, plan);
    return lower_all(&l);
}
