/* SPDX-License-Identifier: Apache-2.0 */
/* What people want to know of the model: class names, metadata, inputs and outputs. */
#include <string.h>

#include "compiler/passes/passes.h"

static octet_status name_classes(struct oct_import *import)
{
    struct oct_imported *imported = import->imported;
    struct oct_arena *arena = &imported->arena;
    int count = imported->network.head.class_count, entries = 0;
    const char *text = oct_metadata_find(import, "names");
    const char **names = oct_arena_calloc(arena, (size_t)count, sizeof *names);
    if (!names)
        return oct_fail_memory(import->ctx, "class names");
    imported->network.class_names = names;
    if (text)
        entries = oct_parse_names(arena, text, names, count);
    if (entries == -2)
        return oct_fail_memory(import->ctx, "class names");
    bool complete = entries == count;
    for (int i = 0; i < count; i++)
        complete = complete && names[i];
    if (complete)
        return OCTET_OK;
    if (entries < 0)
        oct_log(import->ctx, OCTET_LOG_WARNING,
                "%s: the class names in its metadata cannot be read", import->name);
    else if (text)
        oct_log(import->ctx, OCTET_LOG_WARNING,
                "%s: its metadata names %d classes, its head has %d: names are made up",
                import->name, entries, count);
    else
        oct_log(import->ctx, OCTET_LOG_INFO, "%s: its metadata names no classes: names are made up",
                import->name);
    for (int i = 0; i < count; i++) {
        names[i] = oct_arena_printf(arena, "class%d", i);
        if (!names[i])
            return oct_fail_memory(import->ctx, "class names");
    }
    return OCTET_OK;
}

static octet_status copy_data_files(struct oct_import *import)
{
    const struct oct_onnx_model *onnx = import->onnx;
    struct oct_imported *imported = import->imported;
    const size_t count = (size_t)onnx->data_file_count;
    imported->data_files = oct_arena_calloc(&imported->arena, count, sizeof *imported->data_files);
    if (!imported->data_files)
        return oct_fail_memory(import->ctx, "the model's files");
    for (size_t i = 0; i < count; i++) {
        imported->data_files[i] = oct_arena_strdup(&imported->arena, onnx->data_paths[i]);
        if (!imported->data_files[i])
            return oct_fail_memory(import->ctx, "the model's files");
        imported->data_file_count++;
    }
    return OCTET_OK;
}

static octet_status copy_metadata(struct oct_import *import)
{
    const OctOnnx__ModelProto *message = import->onnx->message;
    struct oct_imported *imported = import->imported;
    size_t count = message->n_metadata_props;
    imported->metadata_keys =
        oct_arena_calloc(&imported->arena, count, sizeof *imported->metadata_keys);
    imported->metadata_values =
        oct_arena_calloc(&imported->arena, count, sizeof *imported->metadata_values);
    if (!imported->metadata_keys || !imported->metadata_values)
        return oct_fail_memory(import->ctx, "metadata");
    for (size_t i = 0; i < count; i++) {
        const OctOnnx__StringStringEntryProto *entry = message->metadata_props[i];
        const char *key = oct_arena_strdup(&imported->arena, entry->key ? entry->key : "");
        const char *value = oct_arena_strdup(&imported->arena, entry->value ? entry->value : "");
        if (!key || !value)
            return oct_fail_memory(import->ctx, "metadata");
        imported->metadata_keys[imported->metadata_count] = key;
        imported->metadata_values[imported->metadata_count++] = value;
    }
    const char *description = oct_metadata_find(import, "description");
    if (!description)
        description = message->producer_name ? message->producer_name : "";
    imported->network.description = oct_arena_strdup(&imported->arena, description);
    return imported->network.description ? OCTET_OK : oct_fail_memory(import->ctx, "metadata");
}

/* "1x3x640x640", with names where sizes are open; "" when nothing is said. */
static const char *shape_text(struct oct_arena *arena, const OctOnnx__TensorShapeProto *shape)
{
    struct oct_text text;
    oct_text_init(&text, arena->ctx);
    oct_text_add(&text, "", 0);
    for (size_t i = 0; shape && i < shape->n_dim; i++) {
        const OctOnnx__TensorShapeProto__Dimension *dim = shape->dim[i];
        if (dim->has_dim_value)
            oct_text_printf(&text, "%s%lld", i ? "x" : "", (long long)dim->dim_value);
        else
            oct_text_printf(&text, "%s%.100s", i ? "x" : "", dim->dim_param ? dim->dim_param : "?");
    }
    const char *copy = text.failed ? NULL : oct_arena_strdup(arena, text.bytes);
    oct_text_free(&text);
    return copy;
}

static octet_status copy_ports(struct oct_import *import, OctOnnx__ValueInfoProto **infos,
                               size_t count, struct oct_port **ports, int *port_count)
{
    struct oct_arena *arena = &import->imported->arena;
    *ports = oct_arena_calloc(arena, count, sizeof **ports);
    if (!*ports)
        return oct_fail_memory(import->ctx, "ports");
    for (size_t i = 0; i < count; i++) {
        const OctOnnx__TypeProto__Tensor *type =
            infos[i]->type ? infos[i]->type->tensor_type : NULL;
        struct oct_port port = {oct_arena_strdup(arena, infos[i]->name ? infos[i]->name : ""),
                                oct_onnx_type_name(type ? type->elem_type : 0),
                                shape_text(arena, type ? type->shape : NULL)};
        if (!port.name || !port.shape)
            return oct_fail_memory(import->ctx, "ports");
        (*ports)[(*port_count)++] = port;
    }
    return OCTET_OK;
}

octet_status oct_describe_network(struct oct_import *import)
{
    struct oct_imported *imported = import->imported;
    const OctOnnx__GraphProto *source = import->onnx->message->graph;
    imported->network.input_height = import->height;
    imported->network.input_width = import->width;
    imported->network.size_is_fixed = import->size_is_fixed;
    imported->opset = import->graph->opset;
    octet_status status = name_classes(import);
    if (!status)
        status = copy_data_files(import);
    if (!status)
        status = copy_metadata(import);
    if (!status)
        status = copy_ports(import, source->input, source->n_input, &imported->inputs,
                            &imported->input_count);
    if (!status)
        status = copy_ports(import, source->output, source->n_output, &imported->outputs,
                            &imported->output_count);
    return status;
}
