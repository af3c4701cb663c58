/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What sessions of one engine, GPU, input size and batch share: the tiles that were tried out, and
 * the weights on the GPU, which are packed for these. All else of a plan follows from the same. It
 * is in the engine's memory, and in the GPU's own context, which every session keeps open.
 */
#include <string.h>

#include "runtime/backend/cuda/cuda_state.h"
#include "runtime/backend/cuda/gpu_tune.h"

/* What a choice and the block of constants make of a step; addresses are relative yet. */
struct shared_step {
    union oct_gpu_parameters of;
    const struct oct_gpu_tile *tile;
    char kernel[OCT_GPU_NAME_BYTES];
    unsigned threads;
    size_t shared_bytes;
};

struct oct_cuda_weights {
    struct oct_cuda_weights *next;
    int sessions;
    oct_cuda_device device;
    int height, width, batch;
    oct_cuda_address constants;
    size_t constant_bytes;
    struct shared_step steps[]; /* the plan's */
};

static struct oct_shared_part *part_of(const struct oct_cuda *cuda)
{
    return &cuda->engine_shared->parts[OCT_SHARED_CUDA];
}

/* ---- what another session has ---- */

static struct oct_cuda_weights *find(const struct oct_cuda *cuda)
{
    struct oct_cuda_weights *weights = part_of(cuda)->contents;
    while (weights && (weights->device != cuda->device.device || weights->height != cuda->height ||
                       weights->width != cuda->width || weights->batch != cuda->batch))
        weights = weights->next;
    return weights;
}

static void take_steps(struct oct_gpu_plan *plan, const struct oct_cuda_weights *weights)
{
    for (int i = 0; i < plan->step_count; i++) {
        const struct shared_step *from = &weights->steps[i];
        struct oct_gpu_step *to = &plan->steps[i];
        to->of = from->of;
        to->tile = from->tile;
        memcpy(to->kernel, from->kernel, sizeof to->kernel);
        to->threads = from->threads;
        to->shared_bytes = from->shared_bytes;
    }
}

static void give_steps(const struct oct_gpu_plan *plan, struct oct_cuda_weights *weights)
{
    for (int i = 0; i < plan->step_count; i++) {
        const struct oct_gpu_step *from = &plan->steps[i];
        struct shared_step *to = &weights->steps[i];
        *to = (struct shared_step){.of = from->of,
                                   .tile = from->tile,
                                   .threads = from->threads,
                                   .shared_bytes = from->shared_bytes};
        memcpy(to->kernel, from->kernel, sizeof to->kernel);
    }
}

/* ---- its own ---- */

/* NULL when out of memory. */
static struct oct_cuda_weights *make(const struct oct_cuda *cuda)
{
    size_t size;
    if (!oct_mul((size_t)cuda->plan.step_count, sizeof(struct shared_step), &size) ||
        !oct_add(size, sizeof(struct oct_cuda_weights), &size))
        return NULL;
    struct oct_cuda_weights *weights = oct_calloc(&cuda->engine_shared->own, 1, size);
    if (!weights)
        return NULL;
    weights->device = cuda->device.device;
    weights->height = cuda->height;
    weights->width = cuda->width;
    weights->batch = cuda->batch;
    return weights;
}

static void end(struct oct_cuda *cuda, struct oct_cuda_weights *weights, bool entered)
{
    if (weights->constants && entered)
        cuda->device.driver.release(weights->constants);
    oct_free(&cuda->engine_shared->own, weights);
}

/* By trial, which leaves activations full of what came of it. */
static octet_status try_tiles(struct oct_cuda *cuda)
{
    const octet_status status =
        oct_gpu_tune(&cuda->device, &cuda->plan, cuda->activations, cuda->stream);
    return status ? status : oct_cuda_clear_activations(cuda);
}

static octet_status copy_constants(struct oct_cuda *cuda, const struct oct_gpu_constants *constants,
                                   struct oct_cuda_weights *weights)
{
    const struct oct_cuda_driver *driver = &cuda->device.driver;
    weights->constant_bytes = constants->size;
    octet_status status = oct_cuda_try(cuda, driver->allocate(&weights->constants, constants->size),
                                       "memory for weights");
    if (!status)
        status = oct_cuda_try(
            cuda,
            driver->copy_in(weights->constants, constants->bytes, constants->size, cuda->stream),
            "copying weights");
    return status ? status
                  : oct_cuda_try(cuda, driver->wait_stream(cuda->stream), "copying weights");
}

static octet_status fill(struct oct_cuda *cuda, struct oct_cuda_weights *weights)
{
    struct oct_gpu_constants constants = {.ctx = cuda->ctx};
    octet_status status = oct_gpu_plan_constants(&cuda->plan, &constants);
    if (!status)
        status = copy_constants(cuda, &constants, weights);
    oct_free(cuda->ctx, constants.bytes);
    if (!status)
        give_steps(&cuda->plan, weights);
    return status;
}

/* For a plan whose tiles are chosen. */
static octet_status add(struct oct_cuda *cuda, struct oct_cuda_weights **added)
{
    struct oct_cuda_weights *weights = make(cuda);
    if (!weights)
        return oct_fail_memory(cuda->ctx, "the plan's constants");
    const octet_status status = fill(cuda, weights);
    if (status) {
        end(cuda, weights, true);
        return status;
    }
    weights->next = part_of(cuda)->contents;
    part_of(cuda)->contents = weights;
    *added = weights;
    return OCTET_OK;
}

/* ---- both ---- */

/* Tiles as remembered, as another session has them, or tried out; what was not remembered then
 * is. */
static octet_status hold(struct oct_cuda *cuda)
{
    const struct oct_gpu_facts *facts = &cuda->device.facts;
    const bool remembered =
        cuda->cache && oct_gpu_tiles_read(cuda->ctx, cuda->cache, facts, &cuda->plan);
    struct oct_cuda_weights *weights = find(cuda);
    octet_status status = OCTET_OK;
    if (weights)
        take_steps(&cuda->plan, weights);
    else if (!remembered)
        status = try_tiles(cuda);
    if (!status && cuda->cache && !remembered)
        oct_gpu_tiles_write(cuda->ctx, cuda->cache, facts, &cuda->plan);
    if (!status && !weights)
        status = add(cuda, &weights);
    if (status)
        return status;
    weights->sessions++;
    cuda->weights = weights;
    cuda->constants = weights->constants;
    cuda->constant_bytes = weights->constant_bytes;
    return OCTET_OK;
}

octet_status oct_cuda_hold_weights(struct oct_cuda *cuda)
{
    oct_lock_take(&part_of(cuda)->lock);
    const octet_status status = hold(cuda);
    oct_lock_leave(&part_of(cuda)->lock);
    return status;
}

static void unlink_weights(struct oct_shared_part *part, const struct oct_cuda_weights *weights)
{
    if (part->contents == weights) {
        part->contents = weights->next;
        return;
    }
    struct oct_cuda_weights *before = part->contents;
    while (before->next != weights)
        before = before->next;
    before->next = weights->next;
}

void oct_cuda_release_weights(struct oct_cuda *cuda, bool entered)
{
    struct oct_cuda_weights *weights = cuda->weights;
    if (!weights)
        return;
    cuda->weights = NULL;
    oct_lock_take(&part_of(cuda)->lock);
    if (--weights->sessions == 0) {
        unlink_weights(part_of(cuda), weights);
        end(cuda, weights, entered);
    }
    oct_lock_leave(&part_of(cuda)->lock);
}
