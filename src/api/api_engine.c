/* SPDX-License-Identifier: Apache-2.0 */
/* Engines: the calls of octet/engine.h. */
#include <octet/engine.h>

#include <string.h>

#include "base/read_file.h"
#include "runtime/engine/engine_contents.h"

octet_status octet_engine_load_memory(octet_context *context, const void *bytes, size_t size,
                                      const char *name, octet_engine **engine)
{
    if (engine)
        *engine = NULL;
    if (!context || !bytes || !name || !engine)
        return oct_fail_null(context, __func__, "bytes, name and engine");
    uint8_t *copy = oct_malloc(context, size, 1);
    if (!copy)
        return oct_fail_memory(context, name);
    memcpy(copy, bytes, size);
    return oct_engine_read(context, &(struct oct_file){copy, size}, name, engine);
}

octet_status octet_engine_load(octet_context *context, const char *path, octet_engine **engine)
{
    if (engine)
        *engine = NULL;
    if (!context || !path || !engine)
        return oct_fail_null(context, __func__, "path and engine");
    struct oct_file file;
    const octet_status status = oct_file_open(context, path, &file);
    return status ? status : oct_engine_read(context, &file, path, engine);
}

octet_status octet_engine_save(octet_context *context, const octet_engine *engine, const char *path)
{
    if (!context || !engine || !path)
        return oct_fail_null(context, __func__, "engine and path");
    return oct_engine_write(context, engine, path);
}

octet_status octet_engine_save_memory(octet_context *context, const octet_engine *engine,
                                      void **bytes, size_t *size)
{
    uint8_t *packed = NULL;
    if (bytes)
        *bytes = NULL;
    if (size)
        *size = 0;
    if (!context || !engine || !bytes || !size)
        return oct_fail_null(context, __func__, "engine, bytes and size");
    const octet_status status = oct_engine_pack(context, engine, &packed, size);
    *bytes = packed;
    return status;
}

void octet_engine_info(const octet_engine *engine, octet_info *info)
{
    if (!info)
        return;
    memset(info, 0, sizeof *info);
    if (!engine)
        return;
    struct octet_context scratch;
    oct_context_inherit(&scratch, &engine->own);
    if (!oct_network_describe(&scratch, &engine->network, info))
        info->scale_sets = engine->set_count;
}

const char *octet_engine_class_name(const octet_engine *engine, int index)
{
    if (!engine || index < 0 || index >= engine->network.head.class_count)
        return "";
    return engine->network.class_names[index];
}

octet_status octet_engine_layer(const octet_engine *engine, int index, octet_layer_info *layer)
{
    if (!engine || !layer)
        return OCTET_INVALID_ARGUMENT;
    struct octet_context scratch;
    oct_context_inherit(&scratch, &engine->own);
    return oct_network_describe_layer(&scratch, &engine->network, index, layer);
}

int octet_engine_layer_reads(const octet_engine *engine, int layer, int from)
{
    return engine && oct_network_layer_reads(&engine->network, layer, from);
}

int octet_engine_size(const octet_engine *engine, int index, int *height, int *width, int *set)
{
    if (!engine || !height || !width || !set || index < 0 || index >= engine->size_count)
        return 0;
    *height = engine->sizes[index].height;
    *width = engine->sizes[index].width;
    *set = engine->sizes[index].set;
    return 1;
}

int octet_engine_provenance(const octet_engine *engine, int index, const char **key,
                            const char **text)
{
    if (!engine || !key || !text || index < 0 || index >= engine->provenance_count)
        return 0;
    *key = engine->provenance_keys[index];
    *text = engine->provenance_values[index];
    return 1;
}

void octet_engine_free(octet_engine **engine)
{
    if (!engine)
        return;
    oct_engine_free(*engine);
    *engine = NULL;
}
