/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "compiler/lower/lower.h"
#include "compiler/quantize/weights.h"

static bool is_head(const struct oct_plan *plan, int tensor)
{
    for (int i = 0; i < plan->level_count; i++)
        if (plan->levels[i].box_tensor == tensor || plan->levels[i].class_tensor == tensor)
            return true;
    return false;
}

/* Types of all tensors, scales of those that have their own. Views come after what they are made
 * of. */
static void set_types(struct oct_plan *plan, const struct oct_coding *codings)
{
    for (int i = 0; i < plan->tensor_count; i++) {
        struct oct_plan_tensor *t = &plan->tensors[i];
        if (t->kind == OCT_PLAN_SLICE)
            t->type = plan->tensors[t->parent].type;
        else if (t->kind == OCT_PLAN_CONCAT)
            t->type = plan->tensors[t->members[0]].type;
        else
            t->type = is_head(plan, i) ? OCT_TYPE_F32 : OCT_TYPE_U8;
        if (t->type != OCT_TYPE_U8 || t->kind == OCT_PLAN_SLICE || t->kind == OCT_PLAN_CONCAT)
            continue;
        t->scale = i == 0 ? 1.0f / 255.0f : codings[i].scale;
        t->zero_point = i == 0 ? 0 : codings[i].zero_point;
    }
}

/* Pools, upsampling and copies cannot change the scale: theirs is their input's. */
static octet_status pass_scales_on(octet_context *ctx, struct oct_plan *plan)
{
    for (int i = 0; i < plan->layer_count; i++) {
        const struct oct_plan_layer *layer = &plan->layers[i];
        int leaf;
        if (layer->operation == OCT_PLAN_CONVOLUTION)
            continue;
        if (!oct_plan_uniform(plan, layer->input, &leaf))
            return oct_fail(ctx, OCTET_UNSUPPORTED_MODEL,
                            "layer \"%s\" reads a concat whose parts differ in scale", layer->name);
        plan->tensors[layer->output].scale = plan->tensors[leaf].scale;
        plan->tensors[layer->output].zero_point = plan->tensors[leaf].zero_point;
    }
    return OCTET_OK;
}

static octet_status quantize_layer(octet_context *ctx, struct oct_arena *arena,
                                   const struct oct_plan *plan, struct oct_plan_layer *layer)
{
    const struct oct_weights_shape shape = {plan->tensors[layer->output].channels,
                                            plan->tensors[layer->input].channels,
                                            layer->kernel * layer->kernel};
    int leaf;
    if (layer->residual >= 0 && !oct_plan_uniform(plan, layer->residual, &leaf))
        return oct_fail(ctx, OCTET_UNSUPPORTED_MODEL,
                        "layer \"%s\" adds a concat whose parts differ in scale", layer->name);
    float *inputs = oct_arena_calloc(arena, (size_t)shape.inputs, sizeof *inputs);
    float *scales = oct_arena_calloc(arena, (size_t)shape.outputs, sizeof *scales);
    int8_t *codes =
        oct_arena_calloc(arena, (size_t)oct_plan_layer_weights(plan, layer), sizeof *codes);
    if (!inputs || !scales || !codes)
        return oct_fail_memory(ctx, "quantised weights");
    for (int c = 0; c < shape.inputs; c++)
        inputs[c] = plan->tensors[oct_plan_resolve(plan, layer->input, c).tensor].scale;
    oct_quantize_weights(&shape, layer->values, inputs, codes, scales);
    layer->codes = codes;
    layer->scale = scales;
    layer->values = NULL;
    return OCTET_OK;
}

octet_status oct_lower_int8(octet_context *ctx, struct oct_arena *arena,
                            const struct oct_plan *from, const struct oct_coding *codings,
                            struct oct_plan *plan)
{
    *plan = *from;
    plan->tensors = oct_arena_calloc(arena, (size_t)from->tensor_count, sizeof *plan->tensors);
    plan->layers = oct_arena_calloc(arena, (size_t)from->layer_count, sizeof *plan->layers);
    if (!plan->tensors || !plan->layers)
        return oct_fail_memory(ctx, "the plan");
    memcpy(plan->tensors, from->tensors, (size_t)from->tensor_count * sizeof *plan->tensors);
    memcpy(plan->layers, from->layers, (size_t)from->layer_count * sizeof *plan->layers);
    set_types(plan, codings);
    octet_status status = pass_scales_on(ctx, plan);
    for (int i = 0; i < plan->layer_count && !status; i++)
        if (plan->layers[i].operation == OCT_PLAN_CONVOLUTION)
            status = quantize_layer(ctx, arena, plan, &plan->layers[i]);
    return status;
}
