/* SPDX-License-Identifier: Apache-2.0 */
/* Engine files out. The format is described in docs/formats.md. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "runtime/container/safetensors.h"
#include "runtime/engine/engine.h"

static json_t *integers(const int *values, int count)
{
    json_t *array = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(array, json_integer(values[i]));
    return array;
}

/* Text that is not UTF-8 cannot stand in JSON; nothing depends on it. */
static json_t *name_json(const char *name)
{
    json_t *json = json_string(name);
    return json ? json : json_string("?");
}

static json_t *tensor_json(const struct oct_plan_tensor *t)
{
    static const char *const types[] = {"u8", "f32", "bf16"};
    json_t *json = json_object();
    json_object_set_new(json, "name", name_json(t->name));
    json_object_set_new(json, "channels", json_integer(t->channels));
    json_object_set_new(json, "type", json_string(types[t->type]));
    if (t->kind == OCT_PLAN_CONCAT) {
        json_object_set_new(json, "concat", integers(t->members, t->member_count));
    } else if (t->kind == OCT_PLAN_SLICE) {
        json_object_set_new(json, "slice", json_pack("[i, i]", t->parent, t->offset));
    } else if (t->type == OCT_TYPE_U8) {
        json_object_set_new(json, "scale", json_real((double)t->scale));
        json_object_set_new(json, "zero_point", json_integer(t->zero_point));
    }
    return json;
}

static json_t *layer_json(const struct oct_plan_layer *layer)
{
    static const char *const operations[] = {"conv", "max_pool", "upsample", "copy", "table"};
    json_t *json =
        json_pack("{s:o, s:s, s:i, s:i}", "name", name_json(layer->name), "op",
                  operations[layer->operation], "input", layer->input, "output", layer->output);
    if (layer->operation == OCT_PLAN_CONVOLUTION || layer->operation == OCT_PLAN_MAX_POOL)
        json_object_set_new(json, "kernel", json_integer(layer->kernel));
    if (layer->operation == OCT_PLAN_CONVOLUTION) {
        json_object_set_new(json, "stride", json_integer(layer->stride));
        json_object_set_new(json, "padding", json_integer(layer->padding));
        json_object_set_new(json, "silu", json_boolean(layer->silu));
    }
    if (layer->residual >= 0)
        json_object_set_new(json, "residual", json_integer(layer->residual));
    return json;
}

static json_t *rounding_json(const struct oct_rounding *rounding)
{
    return json_pack("{s:f, s:i}", "scale", (double)rounding->scale, "zero_point",
                     rounding->zero_point);
}

/* NULL where the head is decoded without rounding. */
static json_t *dfl_json(const struct oct_dfl_rounding *dfl)
{
    if (!oct_dfl_rounds(dfl))
        return NULL;
    json_t *json = json_pack("{s:f}", "weight_scale", (double)dfl->weight_scale);
    json_object_set_new(json, "probability", rounding_json(&dfl->probability));
    json_object_set_new(json, "distance", rounding_json(&dfl->distance));
    return json;
}

/* NULL where the model brings none. */
static json_t *selection_json(const struct oct_selection *selection)
{
    if (!selection->is_own)
        return NULL;
    return json_pack("{s:f, s:f, s:i, s:i, s:b, s:b}", "confidence", selection->confidence, "iou",
                     selection->iou, "max_detections", selection->max_detections, "max_per_class",
                     selection->max_per_class, "multi_label", selection->multi_label,
                     "class_agnostic", selection->class_agnostic);
}

static json_t *plan_json(const struct oct_plan *plan)
{
    json_t *tensors = json_array(), *layers = json_array(), *levels = json_array(),
           *names = json_array();
    for (int i = 0; i < plan->tensor_count; i++)
        json_array_append_new(tensors, tensor_json(&plan->tensors[i]));
    for (int i = 0; i < plan->layer_count; i++)
        json_array_append_new(layers, layer_json(&plan->layers[i]));
    for (int i = 0; i < plan->level_count; i++)
        json_array_append_new(
            levels, json_pack("{s:i, s:i, s:i}", "box", plan->levels[i].box_tensor, "class",
                              plan->levels[i].class_tensor, "stride", plan->levels[i].stride));
    for (int i = 0; i < plan->class_count; i++)
        json_array_append_new(names, name_json(plan->class_names[i]));
    return json_pack("{s:o, s:i, s:{s:i, s:i, s:b}, s:{s:s, s:b, s:i, s:s, s:s}, s:o, s:o, s:o, "
                     "s:o*, s:o*}",
                     "classes", names, "reg_max", plan->reg_max, "input", "height",
                     plan->input_height, "width", plan->input_width, "fixed", plan->size_is_fixed,
                     "preprocessing", "resize", "letterbox", "scale_up", 1, "pad", 114, "channels",
                     "RGB", "range", "0-1", "tensors", tensors, "layers", layers, "levels", levels,
                     "dfl", dfl_json(&plan->dfl), "selection", selection_json(&plan->selection));
}

static void add_table(const struct oct_plan_layer *layer, int index, struct oct_safetensors *file,
                      char name[32])
{
    const size_t count = OCT_PLAN_TABLE_ENTRIES;
    snprintf(name, 32, "layer.%03d.table", index);
    file->tensors[file->tensor_count++] = (struct oct_safetensors_tensor){
        name, OCT_SAFETENSORS_F32, 1, {count}, count * 4, (const uint8_t *)layer->table};
}

/* The tensors of one convolution. */
static void add_weights(const struct oct_plan *plan, int index, struct oct_safetensors *file,
                        char (*name)[32])
{
    const struct oct_plan_layer *layer = &plan->layers[index];
    const size_t outputs = (size_t)plan->tensors[layer->output].channels;
    const size_t kernel = (size_t)layer->kernel;
    const size_t weights = (size_t)oct_plan_layer_weights(plan, layer);
    struct oct_safetensors_tensor *t = &file->tensors[file->tensor_count];
    snprintf(name[0], sizeof name[0], "layer.%03d.bias", index);
    *t++ = (struct oct_safetensors_tensor){name[0],     OCT_SAFETENSORS_F32,         1, {outputs},
                                           outputs * 4, (const uint8_t *)layer->bias};
    if (layer->codes) {
        snprintf(name[1], sizeof name[1], "layer.%03d.scale", index);
        *t++ = (struct oct_safetensors_tensor){
            name[1], OCT_SAFETENSORS_F32, 1, {outputs}, outputs * 4, (const uint8_t *)layer->scale};
    }
    snprintf(name[2], sizeof name[2], "layer.%03d.weight", index);
    const enum oct_safetensors_type type = layer->codes    ? OCT_SAFETENSORS_I8
                                           : layer->halves ? OCT_SAFETENSORS_BF16
                                                           : OCT_SAFETENSORS_F32;
    *t++ = (struct oct_safetensors_tensor){
        name[2],
        type,
        4,
        {outputs, (size_t)plan->tensors[layer->input].channels, kernel, kernel},
        weights * oct_safetensors_element_bytes(type),
        layer->codes    ? (const uint8_t *)layer->codes
        : layer->halves ? (const uint8_t *)layer->halves
                        : (const uint8_t *)layer->values};
    file->tensor_count = (int)(t - file->tensors);
}

/* The oldest version that has what the plan needs. */
static int version_of(const struct oct_plan *plan)
{
    for (int i = 0; i < plan->tensor_count; i++)
        if (plan->tensors[i].type == OCT_TYPE_BF16)
            return OCT_ENGINE_VERSION;
    return OCT_ENGINE_VERSION_FIRST;
}

static octet_status write_file(octet_context *ctx, const octet_engine *engine, const char *path,
                               const char *plan_text, const char *provenance_text)
{
    const struct oct_plan *plan = &engine->plan;
    struct oct_arena arena;
    oct_arena_init(&arena, ctx);
    char version[16];
    snprintf(version, sizeof version, "%d", version_of(plan));
    const char *keys[] = {"octet.kind", "octet.version", "octet.description", "octet.plan",
                          "octet.provenance"};
    const char *values[] = {"engine", version, plan->description, plan_text, provenance_text};
    struct oct_safetensors file = {.metadata_count = 5, .keys = keys, .values = values};
    const size_t count = (size_t)plan->layer_count * 3;
    file.tensors = oct_arena_calloc(&arena, count, sizeof *file.tensors);
    char(*names)[32] = oct_arena_calloc(&arena, count, sizeof *names);
    octet_status status = OCTET_OK;
    if (!file.tensors || !names)
        status = oct_fail_memory(ctx, path);
    for (int i = 0; i < plan->layer_count && !status; i++)
        if (plan->layers[i].operation == OCT_PLAN_CONVOLUTION)
            add_weights(plan, i, &file, names + 3 * i);
        else if (plan->layers[i].operation == OCT_PLAN_TABLE)
            add_table(&plan->layers[i], i, &file, names[3 * i]);
    if (!status)
        status = oct_safetensors_write(ctx, path, &file);
    oct_arena_clear(&arena);
    return status;
}

octet_status oct_engine_write(octet_context *ctx, const octet_engine *engine, const char *path)
{
    json_t *plan = plan_json(&engine->plan), *provenance = json_object();
    for (int i = 0; i < engine->provenance_count; i++)
        json_object_set_new(provenance, engine->provenance_keys[i],
                            name_json(engine->provenance_values[i]));
    char *plan_text = plan ? json_dumps(plan, JSON_COMPACT) : NULL;
    char *provenance_text = provenance ? json_dumps(provenance, JSON_COMPACT) : NULL;
    octet_status status = plan_text && provenance_text
                              ? write_file(ctx, engine, path, plan_text, provenance_text)
                              : oct_fail_memory(ctx, path);
    json_malloc_t allocate;
    json_free_t release;
    json_get_alloc_funcs(&allocate, &release);
    release(plan_text);
    release(provenance_text);
    json_decref(plan);
    json_decref(provenance);
    return status;
}
