/* SPDX-License-Identifier: Apache-2.0 */
#include <octet/export.h>

#include <math.h>
#include <string.h>

#include "base/read_file.h"
#include "compiler/export/trt_cache.h"

octet_status octet_cache_load(octet_context *context, const char *path, octet_cache **cache)
{
    struct oct_file file;
    if (cache)
        *cache = NULL;
    if (!context || !path || !cache)
        return oct_fail_null(context, __func__, "path and cache");
    octet_status status = oct_file_open(context, path, &file);
    if (status)
        return status;
    status = oct_cache_read(context, file.bytes, file.size, path, cache);
    oct_file_close(context, &file);
    return status;
}

const char *octet_cache_header(const octet_cache *cache)
{
    return cache ? cache->header : "";
}

static const struct oct_tensor_record *find_record(const octet_statistics *statistics,
                                                   const char *name)
{
    for (int i = 0; statistics && i < statistics->tensor_count; i++)
        if (strcmp(statistics->tensors[i].name, name) == 0)
            return &statistics->tensors[i];
    return NULL;
}

int octet_cache_at(const octet_cache *cache, const octet_statistics *statistics, int index,
                   octet_cache_entry *entry)
{
    if (!cache || !entry || index < 0 || index >= cache->count)
        return 0;
    const struct oct_cache_entry *from = &cache->entries[index];
    const struct oct_tensor_record *record = find_record(statistics, from->name);
    *entry = (octet_cache_entry){from->name, from->problem, (double)from->scale, -1.0, -1.0};
    if (!record)
        return 1;
    const struct oct_histogram *h = &record->histogram;
    entry->maximum = fmax(-(double)h->minimum, (double)h->maximum);
    if (!from->problem)
        entry->clipped = oct_symmetric_clipped(h, from->scale);
    return 1;
}

void octet_cache_free(octet_cache **cache)
{
    if (!cache || !*cache)
        return;
    struct octet_context last = (*cache)->own;
    oct_arena_clear(&(*cache)->arena);
    oct_free(&last, *cache);
    *cache = NULL;
}
