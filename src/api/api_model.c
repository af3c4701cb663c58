/* SPDX-License-Identifier: Apache-2.0 */
/* Models: the calls of octet/model.h. */
#include <octet/model.h>

#include <string.h>

#include "compiler/imported_model.h"

octet_status octet_model_load_memory(octet_context *context, const void *bytes, size_t size,
                                     const char *name, octet_model **model)
{
    if (model)
        *model = NULL;
    if (!context || !bytes || !name || !model)
        return oct_fail_null(context, __func__, "bytes, name and model");
    return oct_model_from_bytes(context, bytes, size, name, model);
}

octet_status octet_model_load(octet_context *context, const char *path, octet_model **model)
{
    if (model)
        *model = NULL;
    if (!context || !path || !model)
        return oct_fail_null(context, __func__, "path and model");
    return oct_model_from_file(context, path, model);
}

octet_status octet_model_set_names(octet_context *context, octet_model *model, const char *text)
{
    if (!context || !model || !text)
        return oct_fail_null(context, __func__, "model and text");
    return oct_model_set_names(context, model, text);
}

void octet_model_info(const octet_model *model, octet_info *info)
{
    if (!info)
        return;
    memset(info, 0, sizeof *info);
    if (model)
        oct_model_describe(model, info);
}

const char *octet_model_class_name(const octet_model *model, int index)
{
    if (!model || index < 0 || index >= model->network.head.class_count)
        return "";
    return model->network.class_names[index];
}

octet_status octet_model_layer(const octet_model *model, int index, octet_layer_info *layer)
{
    if (!model || !layer)
        return OCTET_INVALID_ARGUMENT;
    struct octet_context scratch;
    oct_context_inherit(&scratch, &model->own);
    return oct_network_describe_layer(&scratch, oct_model_plan(model), index, layer);
}

int octet_model_metadata(const octet_model *model, int index, const char **key, const char **text)
{
    if (!model || !key || !text || index < 0 || index >= model->imported->metadata_count)
        return 0;
    *key = model->imported->metadata_keys[index];
    *text = model->imported->metadata_values[index];
    return 1;
}

int octet_model_data_file(const octet_model *model, int index, const char **path)
{
    if (!model || !path || index < 0 || index >= model->imported->data_file_count)
        return 0;
    *path = model->imported->data_files[index];
    return 1;
}

int octet_model_port(const octet_model *model, int output, int index, octet_port_info *port)
{
    if (!model || !port || index < 0)
        return 0;
    const struct oct_imported *imported = model->imported;
    if (index >= (output ? imported->output_count : imported->input_count))
        return 0;
    const struct oct_port *from = output ? &imported->outputs[index] : &imported->inputs[index];
    *port = (octet_port_info){from->name, from->type, from->shape};
    return 1;
}

int octet_model_detect_settings(const octet_model *model, octet_detect_settings *settings)
{
    const struct oct_selection none = {0}, *own = model ? &model->network.head.selection : &none;
    if (settings)
        oct_selection_settings(own, settings);
    return own->is_own;
}

void octet_model_free(octet_model **model)
{
    if (!model)
        return;
    oct_model_free(*model);
    *model = NULL;
}
