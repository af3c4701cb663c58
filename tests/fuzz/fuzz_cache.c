/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a TensorRT calibration cache: an error, or a cache whose entries can all be looked
 * up; never a crash, a leak or a hang. Built for libFuzzer; with OCTET_FUZZ_PLAIN defined, a
 * program that takes files.
 */
#include <stdlib.h>
#include <string.h>

#include "compiler/export/trt_cache.h"
#include "fuzz.h"

#define MEMORY_MAX ((size_t)256 << 20) /* that one input may hold */
#define BLOCK_MAX MEMORY_MAX

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_pool pool = {MEMORY_MAX, BLOCK_MAX, 0};
    octet_context ctx = fuzz_context(&pool);
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
