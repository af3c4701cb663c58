/* SPDX-License-Identifier: Apache-2.0 */
/* Holds and gives back what the sessions of an engine share. All of it is in the engine's memory:
 * the session that made it may close first. */
#include "runtime/backend/cpu/shared_weights.h"

#include "runtime/backend/cpu/cpu_state.h"

static void lock(struct oct_cpu *cpu)
{
    oct_lock_take(&cpu->engine_shared->parts[OCT_SHARED_CPU].lock);
}

static void unlock(struct oct_cpu *cpu)
{
    oct_lock_leave(&cpu->engine_shared->parts[OCT_SHARED_CPU].lock);
}

/* ---- constants ---- */

static void end_weights(struct oct_engine_shared *shared, struct oct_cpu_weights *weights)
{
    oct_arena_clear(&weights->arena);
    oct_free(&shared->own, weights);
    shared->parts[OCT_SHARED_CPU].contents = NULL;
}

/* Of the session's set of scales, unless another session had them made. */
static bool make_constants(const struct oct_cpu *cpu, struct oct_cpu_weights *weights)
{
    const struct oct_network *network = cpu->network;
    struct oct_conv_constants *made = weights->constants[cpu->set];
    if (made)
        return true;
    made = oct_arena_calloc(&weights->arena, (size_t)network->layer_count, sizeof *made);
    bool done = made;
    for (int i = 0; i < network->layer_count && done; i++)
        done = network->layers[i].operation != OCT_CONVOLUTION ||
               oct_conv_constants_make(&weights->arena, network, &network->layers[i], &made[i]);
    weights->constants[cpu->set] = done ? made : NULL;
    return done;
}

/* NULL when out of memory. */
static struct oct_cpu_weights *make_weights(const struct oct_cpu *cpu)
{
    struct oct_engine_shared *shared = cpu->engine_shared;
    struct oct_cpu_weights *weights = oct_calloc(&shared->own, 1, sizeof *weights);
    if (!weights)
        return NULL;
    shared->parts[OCT_SHARED_CPU].contents = weights;
    oct_arena_init(&weights->arena, &shared->own);
    weights->constants = (struct oct_conv_constants **)oct_arena_calloc(
        &weights->arena, (size_t)cpu->set_count, sizeof(struct oct_conv_constants *));
    if (weights->constants)
        return weights;
    end_weights(shared, weights);
    return NULL;
}

octet_status oct_cpu_hold_weights(struct oct_cpu *cpu)
{
    struct oct_engine_shared *shared = cpu->engine_shared;
    lock(cpu);
    struct oct_cpu_weights *weights = shared->parts[OCT_SHARED_CPU].contents;
    if (!weights)
        weights = make_weights(cpu);
    if (weights && make_constants(cpu, weights)) {
        weights->sessions++;
        cpu->weights = weights;
    } else if (weights && weights->sessions == 0) {
        end_weights(shared, weights);
    }
    unlock(cpu);
    return cpu->weights ? OCTET_OK : oct_fail_memory(cpu->ctx, "packed weights");
}

/* ---- packed weights ---- */

static bool same_shape(const struct oct_conv_shape *a, const struct oct_conv_shape *b)
{
    return a->input_channels == b->input_channels && a->output_channels == b->output_channels &&
           a->kernel == b->kernel && a->stride == b->stride && a->depthwise == b->depthwise &&
           a->input_pixel == b->input_pixel;
}

/* Holds the packed weights of a layer's step where there are such; false where there are none. */
static bool hold_pack(struct oct_cpu *cpu, int layer)
{
    struct oct_step *step = &cpu->steps[layer];
    const struct oct_conv_shape shape = oct_conv_packed_shape(&step->jobs[0].conv.shape);
    struct oct_pack_block *block = cpu->weights->blocks;
    while (block && (block->packs[layer].kernel != step->kernel ||
                     !same_shape(&block->packs[layer].shape, &shape)))
        block = block->next;
    if (!block)
        return false;
    block->holders++;
    step->block = block;
    for (int slot = 0; slot < (step->jobs_a_slot ? cpu->batch : 1); slot++)
        step->jobs[slot].conv.packed = block->packs[layer].packed;
    return true;
}

/* Holds all that is there; returns the bytes of what is not. */
static size_t hold_what_is_there(struct oct_cpu *cpu)
{
    size_t missing = 0;
    for (int i = 0; i < cpu->network->layer_count; i++) {
        const struct oct_step *step = &cpu->steps[i];
        if (step->kernel && !step->block && !hold_pack(cpu, i))
            missing += oct_cpu_packed_bytes(step);
    }
    return missing;
}

static void end_block(struct oct_engine_shared *shared, struct oct_pack_block *block)
{
    oct_free(&shared->own, block->memory);
    oct_free(&shared->own, block);
}

static struct oct_pack_block *make_block(struct oct_engine_shared *shared, int layers, size_t bytes)
{
    size_t size;
    if (!oct_mul((size_t)layers, sizeof(struct oct_pack), &size) ||
        !oct_add(size, sizeof(struct oct_pack_block), &size))
        return NULL;
    struct oct_pack_block *block = oct_calloc(&shared->own, 1, size);
    if (!block)
        return NULL;
    block->memory = oct_malloc(&shared->own, bytes, 1);
    if (block->memory)
        return block;
    end_block(shared, block);
    return NULL;
}

/* Packs what no session has. */
static octet_status fill_block(struct oct_cpu *cpu, struct oct_pack_block *block)
{
    char *packed = block->memory;
    octet_status status = OCTET_OK;
    for (int i = 0; i < cpu->network->layer_count && !status; i++) {
        const struct oct_step *step = &cpu->steps[i];
        if (!step->kernel || step->block)
            continue;
        block->packs[i] = (struct oct_pack){
            step->kernel, oct_conv_packed_shape(&step->jobs[0].conv.shape), packed};
        status = oct_cpu_pack_weights(cpu, step, packed);
        packed += oct_cpu_packed_bytes(step);
    }
    return status;
}

static octet_status add_block(struct oct_cpu *cpu, size_t bytes)
{
    struct oct_pack_block *block = make_block(cpu->engine_shared, cpu->network->layer_count, bytes);
    if (!block)
        return oct_fail_memory(cpu->ctx, "packed weights");
    const octet_status status = fill_block(cpu, block);
    if (status) {
        end_block(cpu->engine_shared, block);
        return status;
    }
    block->next = cpu->weights->blocks;
    cpu->weights->blocks = block;
    return OCTET_OK;
}

octet_status oct_cpu_hold_packs(struct oct_cpu *cpu)
{
    lock(cpu);
    const size_t missing = hold_what_is_there(cpu);
    const octet_status status = missing > 0 ? add_block(cpu, missing) : OCTET_OK;
    if (!status)
        hold_what_is_there(cpu);
    unlock(cpu);
    return status;
}

/* ---- the end ---- */

static void release_block(struct oct_cpu *cpu, struct oct_pack_block *block)
{
    if (--block->holders > 0)
        return;
    struct oct_pack_block **link = &cpu->weights->blocks;
    while (*link != block)
        link = &(*link)->next;
    *link = block->next;
    end_block(cpu->engine_shared, block);
}

void oct_cpu_release_weights(struct oct_cpu *cpu)
{
    if (!cpu->weights)
        return;
    lock(cpu);
    for (int i = 0; cpu->steps && i < cpu->network->layer_count; i++)
        if (cpu->steps[i].block)
            release_block(cpu, cpu->steps[i].block);
    if (--cpu->weights->sessions == 0)
        end_weights(cpu->engine_shared, cpu->weights);
    unlock(cpu);
    cpu->weights = NULL;
}
