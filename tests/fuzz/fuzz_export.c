/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as an ONNX model that is exported, as QDQ and as a TensorRT cache, with statistics of
 * nothing: an error, or files of which the first can be unpacked and the second read; never a
 * crash, a leak or a hang. Built for libFuzzer; with OCTET_FUZZ_PLAIN defined, a program that takes
 * files.
 */
#include <stdlib.h>

#include "compiler/export/qdq.h"
#include "compiler/export/trt_cache.h"
#include "compiler/imported_model.h"
#include "fuzz.h"
#include "fuzz_onnx.h"

#define MEMORY_MAX ((size_t)64 << 20) /* that one input may hold */
#define BLOCK_MAX MEMORY_MAX

static void write_qdq(octet_context *ctx, struct oct_arena *arena,
                      const struct oct_onnx_model *source, struct oct_recipe *recipe, int variant)
{
    struct oct_rewrite rewrite;
    struct oct_qdq qdq = {.int8_weights = variant & 1, .unsigned_codes = variant >> 1 & 1};
    struct oct_onnx_model again;
    uint8_t *bytes = NULL;
    size_t size;
    octet_status status = oct_rewrite_open(ctx, arena, source->message, &rewrite);
    if (!status)
        status = oct_qdq_place(&rewrite, recipe, &qdq);
    if (!status)
        status = oct_rewrite_pack(&rewrite, &bytes, &size);
    oct_onnx_init(ctx, "fuzz.qdq", &again);
    if (!status && oct_onnx_unpack(&again, bytes, size) == OCTET_BAD_FORMAT)
        abort();
    oct_onnx_close(&again);
    oct_free(ctx, bytes);
}

static void write_cache(octet_context *ctx, const struct oct_recipe *recipe)
{
    struct oct_text text;
    octet_cache *cache = NULL;
    int count;
    oct_text_init(&text, ctx);
    if (oct_cache_write(recipe, NULL, OCT_TRT_HEADER_DEFAULT, &text, &count) == OCTET_OK &&
        oct_cache_read(ctx, text.bytes, text.length, "fuzz.cache", &cache) == OCTET_BAD_FORMAT)
        abort();
    octet_cache_free(&cache);
    oct_text_free(&text);
}

static octet_status empty_statistics(octet_context *ctx, const struct oct_network *network,
                                     octet_statistics **statistics)
{
    struct oct_statistics_part *part;
    octet_status status = oct_statistics_create(ctx, network->layer_count, statistics);
    for (int i = 0; i < network->layer_count && !status; i++)
        status = oct_statistics_name(ctx, *statistics, i, "",
                                     network->tensors[network->layers[i].output].channels);
    if (!status)
        status = oct_statistics_need_part(ctx, *statistics, 32, 32, "", &part);
    return status ? status : oct_statistics_settle(ctx, *statistics);
}

static void export_all(octet_context *ctx, const octet_model *model,
                       const struct oct_onnx_model *source, uint8_t variant)
{
    struct oct_arena arena;
    struct oct_placement placement;
    struct oct_recipe recipe;
    struct oct_calibrator calibrator;
    octet_statistics *statistics = NULL;
    oct_arena_init(&arena, ctx);
    oct_calibrator_parse(NULL, &calibrator);
    octet_status status = empty_statistics(ctx, &model->network, &statistics);
    const struct oct_placed_model placed = {&source->graph, model->imported, &model->network,
                                            model->sources};
    if (!status)
        status = oct_place(ctx, &arena, &placed, &placement);
    if (!status)
        status = oct_recipe_make(ctx, &arena, &placement, statistics, &calibrator, &recipe);
    if (!status) {
        write_qdq(ctx, &arena, source, &recipe, variant);
        write_cache(ctx, &recipe);
    }
    oct_statistics_free(statistics);
    oct_arena_clear(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_pool pool = {MEMORY_MAX, BLOCK_MAX, 0};
    octet_context ctx = fuzz_context(&pool);
    octet_model *model = NULL;
    const octet_status status = oct_model_from_bytes(&ctx, data, size, "fuzz.onnx", &model);
    if (!status && !model->imported->is_quantised)
        export_all(&ctx, model, model->imported->source, (uint8_t)fuzz_sum(data, size));
    oct_model_free(model);
    if (pool.live)
        abort();
    return 0;
}
