/* SPDX-License-Identifier: Apache-2.0 */
/* The block of constants: gathered, then referred to. */
#include <string.h>

#include "network/requantize.h"
#include "runtime/backend/cuda/gpu_plan.h"

#define CONSTANT_ALIGNMENT 256
#define SILU_COPIES 8 /* finish.cuh */

uint64_t oct_gpu_constants_add(struct oct_gpu_constants *constants, const void *bytes, size_t size)
{
    const size_t at =
        oct_align(constants->size ? constants->size : CONSTANT_ALIGNMENT, CONSTANT_ALIGNMENT);
    size_t end;
    if (!oct_add(at, size, &end) ||
        !oct_grow(constants->ctx, &constants->bytes, &constants->capacity, end, 1))
        return 0;
    if (bytes)
        memcpy(constants->bytes + at, bytes, size);
    else
        memset(constants->bytes + at, 0, size);
    constants->size = end;
    return at;
}

struct oct_gpu_activation oct_gpu_activation_of(const struct oct_layer *layer)
{
    const float scale = oct_gelu_table(layer->activation) ? OCT_GELU_SCALE : OCT_SILU_SCALE;
    return (struct oct_gpu_activation){
        layer->activation, oct_activation_row(layer->activation)->has_slope ? layer->slope : scale};
}

/* Of SiLU, where the activation has none of its own: [segment][copy][coefficient]. */
static uint64_t add_table(struct oct_gpu_constants *constants, enum oct_activation activation)
{
    const float(*from)[OCT_SILU_SEGMENTS] = oct_gelu_table(activation);
    float table[OCT_SILU_SEGMENTS][SILU_COPIES][4];
    if (!from)
        from = oct_silu_table;
    for (int i = 0; i < OCT_SILU_SEGMENTS; i++)
        for (int copy = 0; copy < SILU_COPIES; copy++)
            for (int k = 0; k < 4; k++)
                table[i][copy][k] = from[k][i];
    return oct_gpu_constants_add(constants, table, sizeof table);
}

/* What a step's layer has beside what the step itself says. */
static octet_status add_constants(const struct oct_gpu_plan *plan, struct oct_gpu_step *step,
                                  struct oct_gpu_constants *constants, uint64_t *tables)
{
    const struct oct_layer *layer = &plan->network->layers[step->layer];
    uint64_t *table = &tables[oct_gelu_table(layer->activation) ? layer->activation : 0];
    if (step->kind == OCT_GPU_TABLE) {
        step->of.table.table = oct_gpu_constants_add(constants, layer->table,
                                                     OCT_TABLE_ENTRIES * sizeof *layer->table);
        return step->of.table.table ? OCTET_OK : oct_fail_memory(plan->ctx, "the plan's constants");
    }
    const bool depthwise = step->kind == OCT_GPU_DEPTHWISE;
    if (!depthwise && step->kind != OCT_GPU_CONV && step->kind != OCT_GPU_PIXELS &&
        step->kind != OCT_GPU_CONV_F32)
        return OCTET_OK;
    if (!*table)
        *table = add_table(constants, layer->activation);
    if (!*table)
        return oct_fail_memory(plan->ctx, "the plan's constants");
    return depthwise ? oct_gpu_plan_depthwise_weights(plan, step, constants, *table)
                     : oct_gpu_plan_weights(plan, step, constants, *table);
}

octet_status oct_gpu_plan_constants(struct oct_gpu_plan *plan, struct oct_gpu_constants *constants)
{
    uint64_t tables[OCT_ACTIVATION_COUNT] = {0}; /* by activation; the first is SiLU's */
    octet_status status = OCTET_OK;
    for (int i = 0; i < plan->step_count && !status; i++)
        status = add_constants(plan, &plan->steps[i], constants, tables);
    return status;
}
