/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors whose data lies in a file beside the model, as exporters write it that keep the graph
 * small. Nothing outside the model's folder is opened. */
#include <stdlib.h>
#include <string.h>

#include "compiler/onnx/onnx_model.h"

static octet_status bad(const struct oct_onnx_model *model, const OctOnnx__TensorProto *tensor,
                        octet_status status, const char *why, const char *location)
{
    return oct_fail(model->ctx, status,
                    "%s: the data of tensor '%.200s' is in another file, '%.200s', %s",
                    model->graph.name, tensor->name ? tensor->name : "", location, why);
}

static const char *entry(const OctOnnx__TensorProto *tensor, const char *key)
{
    for (size_t i = 0; i < tensor->n_external_data; i++) {
        const OctOnnx__StringStringEntryProto *e = tensor->external_data[i];
        if (e->key && e->value && strcmp(e->key, key) == 0)
            return e->value;
    }
    return NULL;
}

/* A whole number of bytes; false when it is none. */
static bool read_bytes(const char *text, uint64_t *bytes)
{
    char *end;
    if (!text || text[0] < '0' || text[0] > '9')
        return false;
    *bytes = strtoull(text, &end, 10);
    return !*end && *bytes < UINT64_MAX / 2;
}

/* Whether a path leads nowhere but down. */
static bool stays_inside(const char *location)
{
    if (!location[0] || location[0] == '/' || strchr(location, '\\'))
        return false;
    for (const char *at = location; at; at = strchr(at, '/') ? strchr(at, '/') + 1 : NULL)
        if (strncmp(at, "..", 2) == 0 && (at[2] == '/' || !at[2]))
            return false;
    return true;
}

/* The file at `location` in the model's folder; opened once. */
static octet_status open_beside(struct oct_onnx_model *model, const OctOnnx__TensorProto *tensor,
                                const char *location, const struct oct_file **file)
{
    const char *slash = strrchr(model->path, '/');
    const int folder = slash ? (int)(slash - model->path) + 1 : 0;
    for (int i = 0; i < model->data_file_count; i++)
        if (strcmp(model->data_locations[i], location) == 0) {
            *file = &model->data_files[i];
            return OCTET_OK;
        }
    if (model->data_file_count == OCT_ONNX_DATA_FILES_MAX)
        return bad(model, tensor, OCTET_UNSUPPORTED_MODEL,
                   "and there are too many such: save the model as one file", location);
    const char *path =
        oct_arena_printf(&model->graph.arena, "%.*s%s", folder, model->path, location);
    if (!path)
        return oct_fail_memory(model->ctx, "the model's weights");
    struct oct_file *opened = &model->data_files[model->data_file_count];
    const octet_status status = oct_file_open(model->ctx, path, opened);
    if (status == OCTET_OUT_OF_MEMORY)
        return status;
    if (status)
        return bad(model, tensor, status,
                   "which cannot be read: put it beside the model, or save the model as one file",
                   location);
    model->data_paths[model->data_file_count] = path;
    model->data_locations[model->data_file_count++] = location;
    *file = opened;
    return OCTET_OK;
}

octet_status oct_onnx_resolve(struct oct_onnx_model *model, const OctOnnx__TensorProto *tensor,
                              OctOnnx__TensorProto *resolved)
{
    const char *location = entry(tensor, "location"), *length = entry(tensor, "length"),
               *offset = entry(tensor, "offset");
    const struct oct_file *file = NULL;
    uint64_t first = 0, bytes;
    *resolved = *tensor;
    if (tensor->data_location == 0 && !tensor->n_external_data)
        return OCTET_OK;
    if (!model->path || !location)
        return bad(model, tensor, OCTET_UNSUPPORTED_MODEL,
                   "not read here: save the model as one file", location ? location : "");
    if (!stays_inside(location))
        return bad(model, tensor, OCTET_BAD_FORMAT,
                   "which is not below the model's folder: save the model as one file", location);
    octet_status status = open_beside(model, tensor, location, &file);
    if (status)
        return status;
    if ((offset && !read_bytes(offset, &first)) || first > file->size)
        return bad(model, tensor, OCTET_BAD_FORMAT, "and begins beyond that file's end", location);
    bytes = file->size - first;
    if ((length && !read_bytes(length, &bytes)) || bytes > file->size - first)
        return bad(model, tensor, OCTET_BAD_FORMAT, "which is too short for it: it is cut short",
                   location);
    resolved->data_location = 0;
    resolved->n_external_data = 0;
    resolved->has_raw_data = 1;
    resolved->raw_data.data = (uint8_t *)(uintptr_t)file->bytes + first; /* only read */
    resolved->raw_data.len = (size_t)bytes;
    return OCTET_OK;
}
