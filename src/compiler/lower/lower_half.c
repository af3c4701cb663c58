/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "compiler/lower/lower.h"
#include "runtime/kernels/half.h"

/* What only moves gives the type that it is given. */
static bool spread(const struct oct_plan *plan, const int *group, bool *is_float)
{
    bool spreads = false;
    for (int i = 0; i < plan->layer_count; i++) {
        const struct oct_plan_layer *layer = &plan->layers[i];
        bool *input = &is_float[group[layer->input]], *output = &is_float[group[layer->output]];
        if (layer->operation != OCT_PLAN_CONVOLUTION && *input != *output)
            spreads = *input = *output = true;
    }
    return spreads;
}

octet_status oct_halve_weights(octet_context *ctx, struct oct_arena *arena,
                               const struct oct_plan *plan, struct oct_plan_layer *layer)
{
    const size_t count = (size_t)oct_plan_layer_weights(plan, layer);
    uint16_t *halves = oct_arena_calloc(arena, count, sizeof *halves);
    if (!halves)
        return oct_fail_memory(ctx, "halved weights");
    for (size_t i = 0; i < count; i++)
        halves[i] = oct_half_of(layer->values[i]);
    layer->halves = halves;
    layer->values = NULL;
    return OCTET_OK;
}

void oct_choose_halves(const struct oct_plan *plan, const int *group, bool *is_float)
{
    for (int i = 0; i < plan->level_count; i++) {
        is_float[group[plan->levels[i].box_tensor]] = true;
        is_float[group[plan->levels[i].class_tensor]] = true;
    }
    while (spread(plan, group, is_float))
        continue;
}

octet_status oct_lower_half(octet_context *ctx, struct oct_arena *arena,
                            const struct oct_plan *from, struct oct_plan *plan)
{
    const size_t tensors = (size_t)from->tensor_count, layers = (size_t)from->layer_count;
    *plan = *from;
    plan->tensors = oct_arena_calloc(arena, tensors, sizeof *plan->tensors);
    plan->layers = oct_arena_calloc(arena, layers, sizeof *plan->layers);
    int *group = oct_arena_calloc(arena, tensors, sizeof *group);
    bool *is_float = oct_arena_calloc(arena, tensors, sizeof *is_float);
    if (!plan->tensors || !plan->layers || !group || !is_float)
        return oct_fail_memory(ctx, "the plan");
    memcpy(plan->tensors, from->tensors, tensors * sizeof *plan->tensors);
    memcpy(plan->layers, from->layers, layers * sizeof *plan->layers);
    oct_group_tensors(plan, group);
    oct_choose_halves(plan, group, is_float);
    for (size_t i = 0; i < tensors; i++)
        plan->tensors[i].type = is_float[group[i]] ? OCT_TYPE_F32 : OCT_TYPE_BF16;
    octet_status status = OCTET_OK;
    for (size_t i = 0; i < layers && !status; i++)
        if (plan->layers[i].operation == OCT_PLAN_CONVOLUTION &&
            plan->tensors[plan->layers[i].input].type == OCT_TYPE_BF16)
            status = oct_halve_weights(ctx, arena, plan, &plan->layers[i]);
    return status;
}
