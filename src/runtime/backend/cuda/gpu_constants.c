/* SPDX-License-Identifier: Apache-2.0 */
/* The block of constants: gathered, then referred to. */
#include <string.h>

#include "network/silu_table.h"
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

/* [segment][copy][coefficient] */
static uint64_t add_silu_table(struct oct_gpu_constants *constants)
{
    float table[OCT_SILU_SEGMENTS][SILU_COPIES][4];
    for (int i = 0; i < OCT_SILU_SEGMENTS; i++)
        for (int copy = 0; copy < SILU_COPIES; copy++)
            for (int k = 0; k < 4; k++)
                table[i][copy][k] = oct_silu_table[k][i];
    return oct_gpu_constants_add(constants, table, sizeof table);
}

octet_status oct_gpu_plan_constants(struct oct_gpu_plan *plan, struct oct_gpu_constants *constants)
{
    const uint64_t silu_table = add_silu_table(constants);
    octet_status status =
        silu_table ? OCTET_OK : oct_fail_memory(plan->ctx, "the plan's constants");
    for (int i = 0; i < plan->step_count && !status; i++) {
        struct oct_gpu_step *step = &plan->steps[i];
        if (step->kind == OCT_GPU_CONV || step->kind == OCT_GPU_PIXELS ||
            step->kind == OCT_GPU_CONV_F32)
            status = oct_gpu_plan_weights(plan, step, constants, silu_table);
        if (step->kind != OCT_GPU_TABLE)
            continue;
        step->of.table.table = oct_gpu_constants_add(
            constants, plan->network->layers[step->layer].table, OCT_TABLE_ENTRIES * sizeof(float));
        if (!step->of.table.table)
            status = oct_fail_memory(plan->ctx, "the plan's constants");
    }
    return status;
}
