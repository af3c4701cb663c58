/* SPDX-License-Identifier: Apache-2.0 */
/* Exports and calibration caches: the calls of octet/export.h. */
#include <octet/export.h>

#include <string.h>

#include "compiler/export/trt_cache.h"
#include "compiler/export_model.h"

void octet_export_defaults(octet_export_settings *settings)
{
    if (settings)
        memset(settings, 0, sizeof *settings);
}

octet_status octet_export(octet_context *context, const char *model,
                          const octet_statistics *statistics, const octet_export_settings *settings,
                          const char *path, octet_export_info *info)
{
    octet_export_settings defaults;
    if (!context || (path && !model))
        return oct_fail_null(context, __func__, "model");
    octet_export_defaults(&defaults);
    settings = settings ? settings : &defaults;
    return path ? oct_export_model(context, model, statistics, settings, path, info)
                : oct_export_check(context, settings);
}

octet_status octet_cache_load(octet_context *context, const char *path, octet_cache **cache)
{
    if (cache)
        *cache = NULL;
    if (!context || !path || !cache)
        return oct_fail_null(context, __func__, "path and cache");
    return oct_cache_from_file(context, path, cache);
}

const char *octet_cache_header(const octet_cache *cache)
{
    return cache ? cache->header : "";
}

int octet_cache_at(const octet_cache *cache, const octet_statistics *statistics, int index,
                   octet_cache_entry *entry)
{
    if (!cache || !entry || index < 0 || index >= cache->count)
        return 0;
    oct_cache_compare(&cache->entries[index], statistics, entry);
    return 1;
}

void octet_cache_free(octet_cache **cache)
{
    if (!cache)
        return;
    oct_cache_free(*cache);
    *cache = NULL;
}
