/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as an ONNX model: an error or a network, whose plans (the float one, and that of a file
 * which is quantised itself) then are made or refused; never a crash, a leak or a hang. Built for
 * libFuzzer; with OCTET_FUZZ_PLAIN defined, a program that takes files.
 */
#include <stdlib.h>

#include "compiler/import_pipeline.h"
#include "compiler/lower/lower.h"
#include "fuzz.h"
#include "fuzz_onnx.h"

#define MEMORY_MAX ((size_t)64 << 20) /* that one input may hold */
#define BLOCK_MAX MEMORY_MAX

static void lower(octet_context *ctx, const struct oct_imported *imported)
{
    struct oct_arena arena;
    struct oct_network network;
    struct oct_grids_kept kept;
    oct_arena_init(&arena, ctx);
    octet_status status = oct_lower_float(ctx, &arena, &imported->network, &network, NULL);
    if (!status)
        status = oct_network_verify(ctx, &network, "fuzz.onnx");
    if (!status && imported->is_quantised)
        status = oct_lower_grids(ctx, &arena, imported, &network, &kept);
    if (!status && imported->is_quantised)
        status = oct_network_verify(ctx, &network, "fuzz.onnx");
    if (status != OCTET_OK && ctx->message[0] == '\0')
        abort();
    if (status == OCTET_INTERNAL)
        abort();
    oct_arena_clear(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_pool pool = {MEMORY_MAX, BLOCK_MAX, 0};
    octet_context ctx = fuzz_context(&pool);
    struct oct_imported *imported;
    octet_status status = oct_imported_from_bytes(&ctx, data, size, "fuzz.onnx", &imported);
    if (status != OCTET_OK && ctx.message[0] == '\0')
        abort();
    if ((status == OCTET_OK) != (imported != NULL))
        abort();
    if (imported)
        lower(&ctx, imported);
    oct_imported_free(&ctx, imported);
    if (pool.live)
        abort();
    return 0;
}
