/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every fuzzer has: memory that is counted and ends, and, with OCTET_FUZZ_PLAIN defined, a
 * main that takes files.
 */
#ifndef OCTET_TESTS_FUZZ_H
#define OCTET_TESTS_FUZZ_H

#include <stdint.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/memory.h"

#define FUZZ_ROOM 64 /* before each block, for its size */

/* More than `most` bytes at a time, or in one block, fail as memory does. */
struct fuzz_pool {
    size_t most, block_most;
    size_t live; /* bytes not released yet */
};

static void *fuzz_allocate(void *user, size_t bytes, size_t alignment)
{
    struct fuzz_pool *pool = user;
    void *memory = NULL;
    if (alignment > FUZZ_ROOM)
        abort();
    if (bytes > pool->block_most || bytes > pool->most - pool->live ||
        posix_memalign(&memory, FUZZ_ROOM, bytes + FUZZ_ROOM) != 0)
        return NULL;
    *(size_t *)memory = bytes;
    pool->live += bytes;
    return (char *)memory + FUZZ_ROOM;
}

static void fuzz_release(void *user, void *memory)
{
    struct fuzz_pool *pool = user;
    void *start = (char *)memory - FUZZ_ROOM;
    pool->live -= *(size_t *)start;
    free(start);
}

static inline octet_context fuzz_context(struct fuzz_pool *pool)
{
    return (octet_context){.allocator = {fuzz_allocate, fuzz_release, pool}};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifdef OCTET_FUZZ_PLAIN
int main(int count, char **paths)
{
    octet_context ctx = {.message = ""};
    oct_allocator_default(&ctx.allocator);
    for (int i = 1; i < count; i++) {
        struct oct_file file;
        if (oct_file_open(&ctx, paths[i], &file) != OCTET_OK)
            continue;
        LLVMFuzzerTestOneInput(file.bytes, file.size);
        oct_file_close(&ctx, &file);
    }
    return 0;
}
#endif

#endif
