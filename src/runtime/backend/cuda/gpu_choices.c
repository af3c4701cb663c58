/* SPDX-License-Identifier: Apache-2.0 */
/* What could be chosen for convolutions, and which of them are alike. */
#include <string.h>

#include "runtime/backend/cuda/gpu_tune.h"

#define CHUNK_GROUPS_FEW 2 /* smaller chunks are only taken where nothing else fits */
#define BLOCKS_A_MULTIPROCESSOR 2

/* All that tells how long a convolution takes, but for its tile. */
static bool alike(const struct oct_gpu_step *a, const struct oct_gpu_step *b)
{
    const struct oct_gpu_conv *x = &a->of.conv, *y = &b->of.conv;
    if (a->family != b->family || a->channels != b->channels || x->groups != y->groups ||
        x->kernel != y->kernel || x->stride != y->stride || x->padding != y->padding ||
        x->height != y->height || x->width != y->width || x->images != y->images ||
        x->source_count != y->source_count || x->output.pixel != y->output.pixel ||
        x->residual.pixel != y->residual.pixel)
        return false;
    for (int i = 0; i < x->source_count; i++)
        if (x->sources[i].pixel != y->sources[i].pixel ||
            x->sources[i].shift != y->sources[i].shift)
            return false;
    return true;
}

int oct_gpu_problems(const struct oct_gpu_plan *plan, int *problems)
{
    int count = 0;
    for (int i = 0; i < plan->step_count; i++) {
        problems[i] = -1;
        if (plan->steps[i].kind != OCT_GPU_CONV)
            continue;
        for (int k = 0; k < i && problems[i] < 0; k++)
            if (problems[k] >= 0 && alike(&plan->steps[k], &plan->steps[i]))
                problems[i] = problems[k];
        if (problems[i] < 0)
            problems[i] = count++;
    }
    return count;
}

bool oct_gpu_choose(const struct oct_gpu_plan *plan, struct oct_gpu_step *step,
                    const struct oct_gpu_choice *choice)
{
    struct oct_gpu_step changed = *step;
    if (!oct_gpu_step_tile(&changed, choice->tile, plan->limits.shared_bytes_a_block,
                           choice->chunk_groups) ||
        changed.of.conv.chunk_groups != choice->chunk_groups)
        return false;
    *step = changed;
    return true;
}

int oct_gpu_candidates(const struct oct_gpu_plan *plan, const struct oct_gpu_step *step,
                       struct oct_gpu_choice *choices)
{
    int tile_count, count = 0;
    const struct oct_gpu_tile *tiles =
        step->few ? oct_gpu_tiles_few(&tile_count) : oct_gpu_tiles(&tile_count);
    for (int i = 0; i < tile_count; i++) {
        struct oct_gpu_step trial = *step;
        for (int most = step->of.conv.groups; most >= 1; most = trial.of.conv.chunk_groups - 1) {
            if (!oct_gpu_step_tile(&trial, &tiles[i], plan->limits.shared_bytes_a_block, most))
                break;
            const bool first = count == 0 || choices[count - 1].tile != &tiles[i];
            if (!first && trial.of.conv.chunk_groups < CHUNK_GROUPS_FEW)
                break;
            if (count < OCT_GPU_CHOICES_MAX)
                choices[count++] = (struct oct_gpu_choice){&tiles[i], trial.of.conv.chunk_groups};
            /* Smaller chunks are for more blocks at a time; these are enough. */
            if (trial.shared_bytes * BLOCKS_A_MULTIPROCESSOR * 2 <=
                plan->limits.shared_bytes_a_multiprocessor)
                break;
        }
    }
    return count;
}
