/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a TensorRT calibration cache: an error, or a cache whose entries can all be looked
 * up; never a crash, a leak or a hang. Built for libFuzzer; with OCTET_FUZZ_PLAIN defined, a
 * program that takes files.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "compiler/export/trt_cache.h"

#define MEMORY_MAX ((size_t)256 << 20) /* in blocks of the arenas; more fails as memory does */

struct pool {
    int live;
    size_t asked;
};

static void *allocate(void *user, size_t bytes, size_t alignment)
{
    struct pool *pool = user;
    void *memory = NULL;
    if (bytes > MEMORY_MAX - pool->asked || posix_memalign(&memory, alignment, bytes) != 0)
        return NULL;
    pool->asked += bytes;
    pool->live++;
    return memory;
}

static void release(void *user, void *memory)
{
    struct pool *pool = user;
    pool->live--;
    free(memory);
}

static void check(const octet_cache *cache)
{
    octet_cache_entry entry;
    for (int i = 0; octet_cache_at(cache, NULL, i, &entry); i++) {
        const struct oct_cache_entry *found = oct_cache_find(cache, entry.name);
        if (!found || strcmp(found->name, entry.name) != 0 || !entry.name[0] ||
            (!entry.problem && !(entry.scale >= 1e-30 && entry.scale <= 1.1e30)))
            abort();
    }
    if (!oct_trt_header_valid(octet_cache_header(cache), strlen(octet_cache_header(cache))))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pool pool = {0, 0};
    octet_context ctx = {.allocator = {allocate, release, &pool}};
    octet_cache *cache;
    const octet_status status = oct_cache_read(&ctx, data, size, "fuzz.cache", &cache);
    if ((status == OCTET_OK) != (cache != NULL) || (status && !ctx.message[0]))
        abort();
    if (cache)
        check(cache);
    octet_cache_free(&cache);
    if (pool.live)
        abort();
    return 0;
}

#ifdef OCTET_FUZZ_PLAIN
#include "base/file.h"

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
