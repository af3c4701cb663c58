/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which tensors of a mixed network hold codes and which hold values. Views force one type on all
 * that lies in a buffer (a group); every reader wants one type, and what a reader wants but the
 * group has not costs conversions. Groups are turned over one at a time for as long as that saves
 * any.
 */
#include <string.h>

#include "compiler/graph/groups.h"
#include "compiler/lower/lower.h"
#include "network/operations.h"

struct choice {
    const struct oct_network *network;
    const bool *is_float; /* [layers], or NULL */
    int *group;           /* [tensors]: the tensor that stands for the group */
    enum oct_type *type;  /* [tensors]: of the groups, at the tensors that stand for them */
    bool *wants_float;    /* [tensors]: of the groups: some reader is float */
    bool *converted;      /* [tensors]: counted already */
};

void oct_group_tensors(const struct oct_network *network, int *group)
{
    for (int i = 0; i < network->tensor_count; i++)
        group[i] = i;
    for (int i = 0; i < network->tensor_count; i++) {
        const struct oct_tensor *t = &network->tensors[i];
        if (t->kind == OCT_TENSOR_SLICE)
            oct_group_join(group, i, t->parent);
        for (int m = 0; t->kind == OCT_TENSOR_CONCAT && m < t->member_count; m++)
            oct_group_join(group, i, t->members[m]);
    }
    for (int i = 0; i < network->tensor_count; i++)
        group[i] = oct_group_root(group, i);
}

void oct_group_scales(const struct oct_network *network, int *group)
{
    oct_group_tensors(network, group);
    for (int i = 0; i < network->layer_count; i++)
        if (oct_operation_row(network->layers[i].operation)->moves)
            oct_group_join(group, network->layers[i].input, network->layers[i].output);
    for (int i = 0; i < network->tensor_count; i++)
        group[i] = oct_group_root(group, i);
}

static bool is_float_layer(const struct choice *c, int layer)
{
    return c->is_float && c->is_float[layer] && oct_layer_computes(&c->network->layers[layer]);
}

/* The type that a layer reads: its own if it computes, otherwise that of its output. */
static enum oct_type wanted(const struct choice *c, int layer)
{
    const struct oct_layer *l = &c->network->layers[layer];
    if (oct_layer_computes(&c->network->layers[layer]))
        return is_float_layer(c, layer) ? OCT_TYPE_F32 : OCT_TYPE_U8;
    return c->type[c->group[l->output]];
}

/* Layers that converting a tensor takes, less those counted before. */
static int count_conversions(struct choice *c, int tensor)
{
    const struct oct_tensor *t = &c->network->tensors[tensor];
    if (c->converted[tensor])
        return 0;
    c->converted[tensor] = true;
    if (t->kind == OCT_TENSOR_SLICE && c->network->tensors[t->parent].kind == OCT_TENSOR_CONCAT)
        return count_conversions(c, t->parent);
    if (t->kind != OCT_TENSOR_CONCAT)
        return 1;
    int sum = 0;
    for (int i = 0; i < t->member_count; i++)
        sum += count_conversions(c, t->members[i]);
    return sum;
}

static int cost(struct choice *c)
{
    const struct oct_network *network = c->network;
    int sum = 0;
    memset(c->converted, 0, (size_t)network->tensor_count * sizeof *c->converted);
    for (int i = 0; i < network->layer_count; i++) {
        const struct oct_layer *layer = &network->layers[i];
        if (layer->operation != OCT_COPY && /* which converts as it copies */
            c->type[c->group[layer->input]] != wanted(c, i))
            sum += count_conversions(c, layer->input);
    }
    for (int i = 0; i < network->head.output_count; i++) {
        const int output = network->head.outputs[i].tensor;
        if (c->type[c->group[output]] != OCT_TYPE_F32)
            sum += count_conversions(c, output);
    }
    return sum;
}

static void find_float_readers(struct choice *c)
{
    const struct oct_network *network = c->network;
    for (int i = 0; i < network->layer_count; i++)
        if (is_float_layer(c, i))
            c->wants_float[c->group[network->layers[i].input]] = true;
    for (int i = 0; i < network->head.output_count; i++)
        c->wants_float[c->group[network->head.outputs[i].tensor]] = true;
}

/* The picture comes as codes: it becomes values only where nothing but float convolutions reads
 * it, or where no layer is quantised at all. */
static enum oct_type input_type(const struct choice *c)
{
    bool all = true, only = true;
    for (int i = 0; i < c->network->layer_count; i++) {
        const struct oct_layer *layer = &c->network->layers[i];
        const bool is_float = is_float_layer(c, i);
        all = all && (is_float || !oct_layer_computes(layer));
        only = only && (is_float || c->group[layer->input] != 0);
    }
    return all || only ? OCT_TYPE_F32 : OCT_TYPE_U8;
}

/* Where both types cost the same, float readers get what was not rounded. */
static void turn_groups(struct choice *c)
{
    int least = cost(c);
    bool turned = true;
    while (turned && least > 0) {
        turned = false;
        for (int i = 1; i < c->network->tensor_count; i++) {
            if (c->group[i] != i)
                continue;
            c->type[i] = c->type[i] == OCT_TYPE_U8 ? OCT_TYPE_F32 : OCT_TYPE_U8;
            const int now = cost(c);
            const enum oct_type preferred = c->wants_float[i] ? OCT_TYPE_F32 : OCT_TYPE_U8;
            if (now < least || (now == least && c->type[i] == preferred)) {
                least = now;
                turned = true;
            } else {
                c->type[i] = c->type[i] == OCT_TYPE_U8 ? OCT_TYPE_F32 : OCT_TYPE_U8;
            }
        }
    }
}

octet_status oct_choose_types(octet_context *ctx, struct oct_arena *arena,
                              const struct oct_network *network, const bool *is_float,
                              enum oct_type *types)
{
    const size_t count = (size_t)network->tensor_count;
    struct choice c = {
        .network = network,
        .is_float = is_float,
        .group = oct_arena_calloc(arena, count, sizeof *c.group),
        .type = oct_arena_calloc(arena, count, sizeof *c.type),
        .wants_float = oct_arena_calloc(arena, count, sizeof *c.wants_float),
        .converted = oct_arena_calloc(arena, count, sizeof *c.converted),
    };
    if (!c.group || !c.type || !c.wants_float || !c.converted)
        return oct_fail_memory(ctx, "the plan");
    oct_group_tensors(network, c.group);
    find_float_readers(&c);
    for (size_t i = 0; i < count; i++)
        c.type[i] = c.wants_float[i] ? OCT_TYPE_F32 : OCT_TYPE_U8;
    c.type[0] = input_type(&c);
    turn_groups(&c);
    for (size_t i = 0; i < count; i++)
        types[i] = c.type[c.group[i]];
    return OCTET_OK;
}
