/* SPDX-License-Identifier: Apache-2.0 */
/* Codings of an engine from a calibration cache, and what is wrong with it. */
#include "compiler/export/trt_codings.h"

#include "compiler/lower/lower.h"
#include "network/operations.h"

#define PICTURE_CLIPPED 0.999 /* of full range: less is more than rounding */

static void report_entries(octet_context *ctx, const struct oct_network *network,
                           const octet_cache *cache)
{
    for (int i = 0; i < cache->count; i++)
        if (cache->entries[i].problem)
            oct_log(ctx, OCTET_LOG_WARNING, "%s: the scale of '%.200s' %s", cache->name,
                    cache->entries[i].name, cache->entries[i].problem);
    const struct oct_cache_entry *picture = oct_cache_find(cache, network->tensors[0].name);
    if (picture && !picture->problem && 127.0 * (double)picture->scale < PICTURE_CLIPPED)
        oct_log(ctx, OCTET_LOG_WARNING,
                "%s: it clips the picture '%.200s' at %.4f of full range, as KL "
                "calibration of letterboxed pictures does; this engine takes all of it",
                cache->name, picture->name, 127.0 * (double)picture->scale);
}

static bool is_decoded(const struct oct_network *network, int tensor)
{
    for (int i = 0; i < network->head.output_count; i++)
        if (network->head.outputs[i].tensor == tensor)
            return true;
    return false;
}

/* The entry of what a layer gives; depth has that of what is made of it, of which alone the file
 * knows. */
static const struct oct_cache_entry *entry_of(const struct oct_network *network,
                                              const octet_cache *cache, int tensor)
{
    const struct oct_cache_entry *entry = oct_cache_find(cache, network->tensors[tensor].name);
    for (int i = 0; i < network->layer_count && !entry; i++)
        if (network->layers[i].operation == OCT_DEPTH_TO_SPACE &&
            network->layers[i].input == tensor)
            entry = oct_cache_find(cache, network->tensors[network->layers[i].output].name);
    return entry;
}

/* Sets the codings of layers' outputs; marks the groups of convolutions' that have none, and of
 * means', whose input must have one as well. What the head decodes is float in any case. */
static void take_scales(octet_context *ctx, const struct oct_network *network,
                        const octet_cache *cache, const int *group,
                        struct oct_quantization *codings, bool *lacking)
{
    for (int i = 0; i < network->layer_count; i++) {
        const int tensor = network->layers[i].output;
        const struct oct_cache_entry *entry = entry_of(network, cache, tensor);
        const bool is_good = entry && !entry->problem;
        codings[tensor] =
            (struct oct_quantization){is_good ? entry->scale : OCT_PICTURE_SCALE, 128};
        if (oct_operation_row(network->layers[i].operation)->moves || is_decoded(network, tensor))
            continue;
        const bool is_mean = network->layers[i].operation == OCT_WINDOW_MEAN;
        lacking[group[tensor]] = lacking[group[tensor]] || !is_good ||
                                 (is_mean && lacking[group[network->layers[i].input]]);
        if (!entry)
            oct_log(ctx, OCTET_LOG_WARNING, "%s: it has no scale for '%.200s'", cache->name,
                    network->tensors[tensor].name);
    }
}

octet_status oct_cache_codings(octet_context *ctx, struct oct_arena *arena,
                               const struct oct_network *network, const octet_cache *cache,
                               struct oct_quantization *codings, bool *is_float)
{
    const size_t tensors = (size_t)network->tensor_count;
    int *group = oct_arena_calloc(arena, tensors, sizeof *group);
    bool *lacking = oct_arena_calloc(arena, tensors, sizeof *lacking);
    if (!group || !lacking)
        return oct_fail_memory(ctx, "the build");
    oct_group_scales(network, group);
    int known = 0, kept = 0;
    for (int i = 0; i < network->layer_count; i++)
        known += oct_cache_find(cache, network->tensors[network->layers[i].output].name) != NULL;
    if (known == 0)
        return oct_fail(ctx, OCTET_MISMATCH,
                        "%s: the calibration cache has none of this model's tensors: it is another "
                        "model's, or its names were changed",
                        cache->name);
    report_entries(ctx, network, cache);
    take_scales(ctx, network, cache, group, codings, lacking);
    for (int i = 0; i < network->layer_count; i++) {
        const struct oct_layer *layer = &network->layers[i];
        if (!oct_layer_computes(layer) || layer->input == 0 || !lacking[group[layer->input]] ||
            is_float[i])
            continue;
        is_float[i] = true;
        kept++;
    }
    if (kept)
        oct_log(ctx, OCTET_LOG_WARNING, "%s: %d convolutions stay float for lack of a usable scale",
                cache->name, kept);
    return OCTET_OK;
}
