/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as an ONNX model: an error or a network, whose plans (the float one, and that of a file
 * which is quantised itself) then are made or refused; never a crash, a leak or a hang. Built for
 * libFuzzer; with OCTET_FUZZ_PLAIN defined, a program that takes files.
 */
#include <stdlib.h>

#include "compiler/lower/lower.h"
#include "compiler/passes/import.h"
#include "fuzz.h"
#include "fuzz_onnx.h"

#define MEMORY_MAX ((size_t)64 << 20) /* that one input may hold */
#define BLOCK_MAX MEMORY_MAX

static void lower(octet_context *ctx, const struct oct_network *network)
{
    struct oct_arena arena;
    struct oct_plan plan;
    struct oct_grids_kept kept;
    oct_arena_init(&arena, ctx);
    octet_status status = oct_lower_float(ctx, &arena, network, &plan);
    if (!status)
        status = oct_plan_verify(ctx, &plan, "fuzz.onnx");
    if (!status && network->is_quantised)
        status = oct_lower_grids(ctx, &arena, network, &plan, &kept);
    if (!status && network->is_quantised)
        status = oct_plan_verify(ctx, &plan, "fuzz.onnx");
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
    struct oct_network *network;
    octet_status status = oct_network_import(&ctx, data, size, "fuzz.onnx", &network);
    if (status != OCTET_OK && ctx.message[0] == '\0')
        abort();
    if ((status == OCTET_OK) != (network != NULL))
        abort();
    if (network)
        lower(&ctx, network);
    oct_network_free(&ctx, network);
    if (pool.live)
        abort();
    return 0;
}
