/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/engine/engine_contents.h"

#include <string.h>

octet_status oct_engine_create(octet_context *ctx, octet_engine **engine)
{
    *engine = oct_calloc(ctx, 1, sizeof **engine);
    if (!*engine)
        return oct_fail_memory(ctx, "the engine");
    oct_context_inherit(&(*engine)->own, ctx);
    oct_arena_init(&(*engine)->arena, &(*engine)->own);
    return OCTET_OK;
}

void oct_engine_free(octet_engine *engine)
{
    if (!engine)
        return;
    oct_arena_clear(&engine->arena);
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

static void copy_layer(struct oct_arena *arena, const struct oct_network *network,
                       struct oct_layer *layer, bool *failed)
{
    layer->name = copy_text(arena, layer->name, failed);
    layer->table = copy(arena, layer->table, OCT_TABLE_ENTRIES, sizeof *layer->table, failed);
    if (layer->operation != OCT_CONVOLUTION)
        return;
    const size_t weights = (size_t)oct_layer_weights(network, layer);
    const size_t outputs = (size_t)network->tensors[layer->output].channels;
    layer->codes = copy(arena, layer->codes, weights, sizeof *layer->codes, failed);
    layer->halves = copy(arena, layer->halves, weights, sizeof *layer->halves, failed);
    layer->values = copy(arena, layer->values, weights, sizeof *layer->values, failed);
    layer->scale = copy(arena, layer->scale, outputs, sizeof *layer->scale, failed);
    layer->bias = copy(arena, layer->bias, outputs, sizeof *layer->bias, failed);
}

octet_status oct_engine_set_network(octet_context *ctx, octet_engine *engine,
                                    const struct oct_network *network, const char *name)
{
    octet_status status = oct_network_verify(ctx, network, name);
    if (status)
        return status;
    struct oct_arena *arena = &engine->arena;
    struct oct_network *own = &engine->network;
    bool failed = false;
    *own = *network;
    own->tensors = (struct oct_tensor *)(uintptr_t)copy(
        arena, network->tensors, (size_t)network->tensor_count, sizeof *own->tensors, &failed);
    own->layers = (struct oct_layer *)(uintptr_t)copy(
        arena, network->layers, (size_t)network->layer_count, sizeof *own->layers, &failed);
    own->class_names = (const char **)(uintptr_t)copy(arena, network->class_names,
                                                      (size_t)network->head.class_count,
                                                      sizeof *own->class_names, &failed);
    own->description = copy_text(arena, network->description, &failed);
    for (int i = 0; i < own->tensor_count && !failed; i++)
        own->tensors[i].name = copy_text(arena, own->tensors[i].name, &failed);
    for (int i = 0; i < own->layer_count && !failed; i++)
        copy_layer(arena, own, &own->layers[i], &failed);
    for (int i = 0; i < own->head.class_count && !failed; i++)
        own->class_names[i] = copy_text(arena, own->class_names[i], &failed);
    return failed ? oct_fail_memory(ctx, "the engine") : OCTET_OK;
}

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
