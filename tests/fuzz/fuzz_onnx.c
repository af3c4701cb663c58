/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as an ONNX model: an error or a network, whose plans (the float one, and that of a file
 * which is quantised itself) then are made or refused; never a crash, a leak or a hang. Built for
 * libFuzzer; with OCTET_FUZZ_PLAIN defined, a program that takes files.
 */
#include <assert.h>
#include <stdlib.h>

#include "compiler/lower/lower.h"
#include "compiler/passes/import.h"

#define MEMORY_MAX ((size_t)512 << 20) /* that one import may hold; more fails as memory does */
#define ROOM 64                        /* before each block, for its size */

struct pool {
    size_t live;
};

static void *allocate(void *user, size_t bytes, size_t alignment)
{
    struct pool *pool = user;
    void *memory = NULL;
    assert(alignment <= ROOM);
    (void)alignment;
    if (bytes > MEMORY_MAX - pool->live || posix_memalign(&memory, ROOM, bytes + ROOM) != 0)
        return NULL;
    *(size_t *)memory = bytes;
    pool->live += bytes;
    return (char *)memory + ROOM;
}

static void release(void *user, void *memory)
{
    struct pool *pool = user;
    void *start = (char *)memory - ROOM;
    pool->live -= *(size_t *)start;
    free(start);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
    struct pool pool = {0};
    octet_context ctx = {.allocator = {allocate, release, &pool}};
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

#ifdef OCTET_FUZZ_PLAIN
#include "base/file.h"

int main(int count, char **paths)
{
    octet_context ctx = {.log = NULL};
    oct_allocator_default(&ctx.allocator);
    for (int i = 1; i < count; i++) {
        struct oct_file file;
        if (oct_file_open(&ctx, paths[i], &file) != OCTET_OK)
            return 1;
        LLVMFuzzerTestOneInput(file.bytes, file.size);
        oct_file_close(&ctx, &file);
    }
    return 0;
}
#endif
