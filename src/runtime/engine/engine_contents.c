/* SPDX-License-Identifier: Apache-2.0 */
/* An engine's own copy of a network. */
#include "runtime/engine/engine_contents.h"

#include <string.h>

static void end_shared(octet_context *ctx, struct oct_engine_shared *shared, int parts)
{
    for (int i = 0; i < parts; i++)
        oct_lock_end(&shared->parts[i].lock);
    oct_free(ctx, shared);
}

static struct oct_engine_shared *make_shared(octet_context *ctx)
{
    struct oct_engine_shared *shared = oct_calloc(ctx, 1, sizeof *shared);
    if (!shared)
        return NULL;
    oct_context_inherit(&shared->own, ctx);
    for (int i = 0; i < OCT_SHARED_KINDS; i++)
        if (!oct_lock_make(&shared->parts[i].lock)) {
            end_shared(ctx, shared, i);
            return NULL;
        }
    return shared;
}

octet_status oct_engine_create(octet_context *ctx, octet_engine **engine)
{
    *engine = oct_calloc(ctx, 1, sizeof **engine);
    struct oct_engine_shared *shared = *engine ? make_shared(ctx) : NULL;
    if (!shared) {
        oct_free(ctx, *engine);
        *engine = NULL;
        return oct_fail_memory(ctx, "the engine");
    }
    (*engine)->shared = shared;
    oct_context_inherit(&(*engine)->own, ctx);
    oct_arena_init(&(*engine)->arena, &(*engine)->own);
    return OCTET_OK;
}

void oct_engine_free(octet_engine *engine)
{
    if (!engine)
        return;
    end_shared(&engine->own, engine->shared, OCT_SHARED_KINDS);
    oct_arena_clear(&engine->arena);
    oct_file_close(&engine->own, &engine->file);
    struct octet_context last = engine->own; /* the engine holds the allocator that frees it */
    oct_free(&last, engine);
}

/* Copies, or yields NULL for NULL; sets *failed when out of memory. */
static const void *copy(struct oct_arena *arena, const void *from, size_t count, size_t size,
                        bool *failed)
{
    if (!from)
        return NULL;
    void *to = oct_arena_calloc(arena, count, size);
    if (to)
        memcpy(to, from, count * size);
    else
        *failed = true;
    return to;
}

static const char *copy_text(struct oct_arena *arena, const char *from, bool *failed)
{
    return copy(arena, from ? from : "", from ? strlen(from) + 1 : 1, 1, failed);
}

/* As copy(), of weights; those that lie in the engine's file stay there. */
static const void *own(octet_engine *engine, const void *from, size_t count, size_t size,
                       bool *failed)
{
    const uintptr_t begin = (uintptr_t)engine->file.bytes, at = (uintptr_t)from;
    if (at >= begin && at < begin + engine->file.size)
        return from;
    return copy(&engine->arena, from, count, size, failed);
}

/* Scales and biases of a convolution. */
static void own_factors(octet_engine *engine, size_t outputs, struct oct_layer *layer, bool *failed)
{
    layer->scale = own(engine, layer->scale, outputs, sizeof *layer->scale, failed);
    layer->bias = own(engine, layer->bias, outputs, sizeof *layer->bias, failed);
}

static void copy_layer(octet_engine *engine, struct oct_layer *layer, bool *failed)
{
    const struct oct_network *network = &engine->network;
    layer->name = copy_text(&engine->arena, layer->name, failed);
    layer->table = own(engine, layer->table, OCT_TABLE_ENTRIES, sizeof *layer->table, failed);
    if (layer->operation != OCT_CONVOLUTION)
        return;
    const size_t weights = (size_t)oct_layer_weights(network, layer);
    const size_t outputs = (size_t)network->tensors[layer->output].channels;
    layer->codes = own(engine, layer->codes, weights, sizeof *layer->codes, failed);
    layer->bf16 = own(engine, layer->bf16, weights, sizeof *layer->bf16, failed);
    layer->values = own(engine, layer->values, weights, sizeof *layer->values, failed);
    own_factors(engine, outputs, layer, failed);
}

octet_status oct_engine_set_network(octet_context *ctx, octet_engine *engine,
                                    const struct oct_network *network, const char *name)
{
    octet_status status = oct_network_verify(ctx, network, name);
    if (status)
        return status;
    struct oct_arena *arena = &engine->arena;
    struct oct_network *to = &engine->network;
    bool failed = false;
    *to = *network;
    engine->set_count = 1;
    to->tensors = (struct oct_tensor *)(uintptr_t)copy(
        arena, network->tensors, (size_t)network->tensor_count, sizeof *to->tensors, &failed);
    to->layers = (struct oct_layer *)(uintptr_t)copy(
        arena, network->layers, (size_t)network->layer_count, sizeof *to->layers, &failed);
    to->class_names = (const char **)(uintptr_t)copy(arena, network->class_names,
                                                     (size_t)network->head.class_count,
                                                     sizeof *to->class_names, &failed);
    to->description = copy_text(arena, network->description, &failed);
    for (int i = 0; i < to->tensor_count && !failed; i++)
        to->tensors[i].name = copy_text(arena, to->tensors[i].name, &failed);
    for (int i = 0; i < to->layer_count && !failed; i++)
        copy_layer(engine, &to->layers[i], &failed);
    for (int i = 0; i < to->head.class_count && !failed; i++)
        to->class_names[i] = copy_text(arena, to->class_names[i], &failed);
    return failed ? oct_fail_memory(ctx, "the engine") : OCTET_OK;
}

/* ---- sets of scales ---- */

/* Room for one set more than there is. */
static struct oct_network *make_room(octet_engine *engine)
{
    const size_t others = (size_t)engine->set_count - 1;
    struct oct_network *sets = oct_arena_calloc(&engine->arena, others + 1, sizeof *sets);
    if (sets && others)
        memcpy(sets, engine->sets, others * sizeof *sets);
    if (sets)
        engine->sets = sets;
    return sets ? &sets[others] : NULL;
}

octet_status oct_engine_add_set(octet_context *ctx, octet_engine *engine,
                                const struct oct_network *network, const char *name)
{
    const struct oct_network *base = &engine->network;
    bool failed = false;
    struct oct_network *to = make_room(engine);
    if (!to)
        return oct_fail_memory(ctx, "the engine");
    *to = *base;
    to->tensors = (struct oct_tensor *)(uintptr_t)copy(
        &engine->arena, base->tensors, (size_t)base->tensor_count, sizeof *to->tensors, &failed);
    to->layers = (struct oct_layer *)(uintptr_t)copy(
        &engine->arena, base->layers, (size_t)base->layer_count, sizeof *to->layers, &failed);
    if (failed)
        return oct_fail_memory(ctx, "the engine");
    for (int i = 0; i < to->tensor_count; i++)
        to->tensors[i].quantization = network->tensors[i].quantization;
    for (int i = 0; i < to->layer_count && !failed; i++) {
        if (!to->layers[i].codes)
            continue;
        to->layers[i].scale = network->layers[i].scale;
        to->layers[i].bias = network->layers[i].bias;
        own_factors(engine, (size_t)to->tensors[to->layers[i].output].channels, &to->layers[i],
                    &failed);
    }
    if (failed)
        return oct_fail_memory(ctx, "the engine");
    const octet_status status = oct_network_verify(ctx, to, name);
    engine->set_count += !status;
    return status;
}

void oct_engine_set_sizes(octet_engine *engine, const struct oct_scaled_size *sizes, int count)
{
    memcpy(engine->sizes, sizes, (size_t)count * sizeof *sizes);
    engine->size_count = count;
}

int oct_nearest_size(const struct oct_scaled_size *sizes, int count, int height, int width)
{
    const double area = (double)height * width;
    double most = 0.0;
    int nearest = -1;
    for (int i = 0; i < count; i++) {
        const double other = (double)sizes[i].height * sizes[i].width;
        const double ratio = other < area ? other / area : area / other;
        if (sizes[i].height == height && sizes[i].width == width)
            return i;
        if (ratio >= most) {
            most = ratio;
            nearest = i;
        }
    }
    return nearest;
}

int oct_engine_set_of(const octet_engine *engine, int height, int width)
{
    const int nearest = oct_nearest_size(engine->sizes, engine->size_count, height, width);
    return nearest < 0 ? 0 : engine->sizes[nearest].set;
}

const struct oct_network *oct_engine_network(const octet_engine *engine, int set)
{
    return set > 0 ? &engine->sets[set - 1] : &engine->network;
}

/* ---- provenance ---- */

octet_status oct_engine_set_provenance(octet_context *ctx, octet_engine *engine, int count,
                                       const char *const *keys, const char *const *values)
{
    bool failed = false;
    engine->provenance_keys =
        (const char **)oct_arena_calloc(&engine->arena, (size_t)count, sizeof(char *));
    engine->provenance_values =
        (const char **)oct_arena_calloc(&engine->arena, (size_t)count, sizeof(char *));
    if (!engine->provenance_keys || !engine->provenance_values)
        return oct_fail_memory(ctx, "the engine");
    for (int i = 0; i < count; i++) {
        engine->provenance_keys[i] = copy_text(&engine->arena, keys[i], &failed);
        engine->provenance_values[i] = copy_text(&engine->arena, values[i], &failed);
    }
    engine->provenance_count = failed ? 0 : count;
    return failed ? oct_fail_memory(ctx, "the engine") : OCTET_OK;
}

const char *oct_engine_provenance(const octet_engine *engine, const char *key)
{
    for (int i = 0; i < engine->provenance_count; i++)
        if (strcmp(engine->provenance_keys[i], key) == 0)
            return engine->provenance_values[i];
    return NULL;
}
