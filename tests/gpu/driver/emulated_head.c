/* SPDX-License-Identifier: Apache-2.0 */
/* head.cu in C, over the arithmetic that kernels and host share (decode.cuh). Candidates are found
 * in a random order, as atomics give it. */
#include <stdlib.h>
#include <string.h>

#include "emulation.h"
#include "runtime/backend/cuda/kernels/decode.cuh"

#define GATHER_ANCHORS 32 /* of a block */

static int level_of(const struct oct_gpu_head *p, int anchor)
{
    int level = 0;
    while (level + 1 < p->level_count && anchor >= p->levels[level + 1].first)
        level++;
    return level;
}

/* Groups of four logits of an anchor, as many as kernels read. */
static const float *logits_of(const struct oct_gpu_level *level, const struct oct_gpu_view *view,
                              int slot, int anchor, int count)
{
    const int cell = anchor - level->first;
    return gpu_read(emulated_pixel(view, slot, cell / level->width, cell % level->width),
                    ((size_t)count + 3) / 4 * 16, 16);
}

void emulate_head_clear(const struct emulated_kernel *kernel, const struct emulated_launch *launch)
{
    const struct oct_gpu_head *p = launch->parameters;
    (void)kernel;
    for (unsigned i = 0; i < launch->block[0]; i++)
        *(uint32_t *)gpu_write(p->counts + 4 * ((uint64_t)(unsigned)p->first + i), 4, 4) = 0;
}

/* ---- confident anchors ---- */

static void append(const struct oct_gpu_head *p, int slot, int anchor, int class_id, float logit)
{
    const struct oct_gpu_search *search = gpu_read(p->search, sizeof *search, 4);
    const uint32_t bits = *(const uint32_t *)gpu_read(
        p->search + sizeof *search + (uint64_t)(class_id / 32) * 4, 4, 4);
    const float score = oct_gpu_sigmoid(logit);
    if ((!search->any_class && !(bits >> (class_id % 32) & 1u)) || !(score > search->confidence))
        return;
    uint32_t *count = gpu_write(p->counts + 4 * (uint64_t)slot, 4, 4);
    const uint32_t place = (*count)++;
    if (place >= (uint32_t)p->capacity)
        return;
    const struct oct_gpu_found found = {score, anchor, class_id, 0};
    memcpy(gpu_write(p->found + ((uint64_t)slot * (uint64_t)p->capacity + place) * sizeof found,
                     sizeof found, 16),
           &found, sizeof found);
}

static void gather(const struct oct_gpu_head *p, int slot, int anchor)
{
    const struct oct_gpu_search *search = gpu_read(p->search, sizeof *search, 4);
    const struct oct_gpu_level *level = &p->levels[level_of(p, anchor)];
    const float *logits = logits_of(level, &level->classes, slot, anchor, p->class_count);
    struct oct_gpu_best best = {search->logit, -1};
    for (int i = 0; i < p->class_count; i++) {
        if (search->multi_label && logits[i] > search->logit)
            append(p, slot, anchor, i, logits[i]);
        oct_gpu_take(&best, logits[i], i);
    }
    if (!search->multi_label && logits[0] == logits[0] && best.class_id >= 0)
        append(p, slot, anchor, best.class_id, best.logit);
}

void emulate_head_gather(const struct emulated_kernel *kernel, const struct emulated_launch *launch)
{
    const struct oct_gpu_head *p = launch->parameters;
    const int count = (int)launch->grid[0] * GATHER_ANCHORS;
    const int all = count < p->anchors ? count : p->anchors;
    (void)kernel;
    for (int y = 0; y < (int)launch->grid[1]; y++) {
        const int first = (int)(random_bits() % (unsigned)all);
        for (int i = 0; i < all; i++)
            gather(p, p->first + y, (first + i) % all);
    }
}

/* ---- boxes ---- */

static float corner_of(const struct oct_gpu_head *p, int slot, int anchor, int side)
{
    const struct oct_gpu_level *level = &p->levels[level_of(p, anchor)];
    const int cell = anchor - level->first;
    const int bins = p->reg_max ? p->reg_max : 1;
    const float *logits = logits_of(level, &level->boxes, slot, anchor, 4 * bins) + side * bins;
    const int at = side % 2 ? cell / level->width : cell % level->width;
    if (!p->reg_max)
        return oct_gpu_corner(side, at, logits[0], level->stride);
    const float highest = oct_gpu_highest(logits, p->reg_max);
    double values[OCT_GPU_BINS_MAX];
    for (int i = 0; i < p->reg_max; i++)
        values[i] = oct_gpu_term(logits[i], highest);
    const double sum = oct_gpu_sum(values, p->reg_max);
    for (int i = 0; i < p->reg_max; i++)
        values[i] = oct_gpu_part(values[i], sum, i, &p->rounding);
    const float distance = oct_gpu_distance(oct_gpu_sum(values, p->reg_max), sum, &p->rounding);
    return oct_gpu_corner(side, at, distance, level->stride);
}

void emulate_head_boxes(const struct emulated_kernel *kernel, const struct emulated_launch *launch)
{
    const struct oct_gpu_head *p = launch->parameters;
    (void)kernel;
    for (int y = 0; y < (int)launch->grid[1]; y++) {
        const uint64_t slot = (uint64_t)(unsigned)(p->first + y);
        const uint32_t all = *(const uint32_t *)gpu_read(p->counts + 4 * slot, 4, 4);
        *(uint32_t *)gpu_write(p->told + 4 * slot, 4, 4) = all;
        for (uint32_t i = 0; i < all && i < (uint32_t)p->capacity; i++) {
            const uint64_t at = slot * (uint64_t)p->capacity + i;
            struct oct_gpu_candidate candidate;
            candidate.found = *(const struct oct_gpu_found *)gpu_read(
                p->found + at * sizeof candidate.found, sizeof candidate.found, 4);
            for (int side = 0; side < 4; side++)
                candidate.corners[side] = corner_of(p, (int)slot, candidate.found.anchor, side);
            memcpy(gpu_write(p->candidates + at * sizeof candidate, sizeof candidate, 4),
                   &candidate, sizeof candidate);
        }
    }
}
