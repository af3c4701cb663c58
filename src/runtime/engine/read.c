/* SPDX-License-Identifier: Apache-2.0 */
/* Engine files in. The format is described in docs/formats.md; oct_plan_verify() checks what was
 * read. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "runtime/container/safetensors.h"
#include "runtime/engine/engine.h"

struct reading {
    octet_context *ctx;
    struct oct_arena *arena; /* of the reading alone; the engine copies */
    const char *name;        /* of the file */
    int version;             /* of its format */
    struct oct_safetensors file;
    struct oct_plan plan;
};

static octet_status bad(const struct reading *r, const char *what)
{
    return oct_fail(r->ctx, OCTET_BAD_FORMAT, "%s: damaged engine: %s", r->name, what);
}

/* The integer `key`, or `otherwise` where it is missing, no integer, or beyond what an int holds.
 */
static int integer(const json_t *json, const char *key, int otherwise)
{
    const json_t *value = json_object_get(json, key);
    if (!json_is_integer(value))
        return otherwise;
    const json_int_t number = json_integer_value(value);
    return number < INT32_MIN || number > INT32_MAX ? otherwise : (int)number;
}

static int element(const json_t *array, size_t index)
{
    const json_t *value = json_array_get(array, index);
    const json_int_t number = json_is_integer(value) ? json_integer_value(value) : -1;
    return number < 0 || number > INT32_MAX ? -1 : (int)number;
}

static const char *text(struct reading *r, const json_t *json, const char *key)
{
    const char *value = json_string_value(json_object_get(json, key));
    return oct_arena_strdup(r->arena, value ? value : "");
}

static octet_status read_tensor(struct reading *r, const json_t *json, int index)
{
    struct oct_plan_tensor *t = &r->plan.tensors[index];
    const json_t *concat = json_object_get(json, "concat"), *slice = json_object_get(json, "slice");
    static const char *const types[] = {"u8", "f32", "bf16"};
    const int type_count = r->version == OCT_ENGINE_VERSION_FIRST ? 2 : 3;
    const char *type = json_string_value(json_object_get(json, "type"));
    int known = -1;
    for (int i = 0; i < type_count && type; i++)
        if (strcmp(type, types[i]) == 0)
            known = i;
    t->name = text(r, json, "name");
    if (!t->name)
        return oct_fail_memory(r->ctx, r->name);
    if (known < 0)
        return bad(r, type_count == 2 ? "a tensor's type is neither u8 nor f32"
                                      : "a tensor's type is none of u8, f32 and bf16");
    t->type = (enum oct_type)known;
    t->channels = integer(json, "channels", 0);
    t->parent = -1;
    if (concat) {
        if (!json_is_array(concat) || json_array_size(concat) > OCT_PLAN_CONCAT_MAX)
            return bad(r, "a concat has no members or too many");
        t->kind = OCT_PLAN_CONCAT;
        t->member_count = (int)json_array_size(concat);
        for (int i = 0; i < t->member_count; i++)
            t->members[i] = element(concat, (size_t)i);
    } else if (slice) {
        t->kind = OCT_PLAN_SLICE;
        t->parent = element(slice, 0);
        t->offset = element(slice, 1);
    } else {
        t->kind = index == 0 ? OCT_PLAN_INPUT : OCT_PLAN_LAYER;
        t->scale = (float)json_number_value(json_object_get(json, "scale"));
        t->zero_point = integer(json, "zero_point", 0);
    }
    return OCTET_OK;
}

/* Copies a tensor of the file, aligned; NULL and *status when it is missing or not as expected. */
static const void *weights(struct reading *r, int layer, const char *what,
                           enum oct_safetensors_type type, size_t count, octet_status *status)
{
    char name[40];
    snprintf(name, sizeof name, "layer.%03d.%s", layer, what);
    const struct oct_safetensors_tensor *tensor = oct_safetensors_find(&r->file, name);
    const size_t bytes = oct_safetensors_element_bytes(type);
    if (*status)
        return NULL;
    if (!tensor || tensor->type != type || tensor->size != count * bytes) {
        *status = oct_fail(r->ctx, OCTET_BAD_FORMAT,
                           "%s: damaged engine: tensor \"%s\" is missing or not as planned",
                           r->name, name);
        return NULL;
    }
    void *copy = oct_arena_calloc(r->arena, count, bytes);
    if (!copy) {
        *status = oct_fail_memory(r->ctx, r->name);
        return NULL;
    }
    memcpy(copy, tensor->bytes, tensor->size);
    return copy;
}

static octet_status read_weights(struct reading *r, int index)
{
    struct oct_plan_layer *layer = &r->plan.layers[index];
    const int tensors = r->plan.tensor_count;
    if (layer->input < 0 || layer->input >= tensors || layer->output < 0 ||
        layer->output >= tensors)
        return bad(r, "a layer names a tensor that does not exist");
    const int inputs = r->plan.tensors[layer->input].channels;
    const int outputs = r->plan.tensors[layer->output].channels;
    if (inputs < 1 || inputs > OCT_PLAN_CHANNELS_MAX || outputs < 1 ||
        outputs > OCT_PLAN_CHANNELS_MAX || layer->kernel < 1 || layer->kernel > OCT_PLAN_KERNEL_MAX)
        return bad(r, "a layer has a bad number of channels or kernel");
    const size_t count = (size_t)oct_plan_layer_weights(&r->plan, layer);
    octet_status status = OCTET_OK;
    layer->bias = weights(r, index, "bias", OCT_SAFETENSORS_F32, (size_t)outputs, &status);
    const enum oct_type type = r->plan.tensors[layer->input].type;
    if (type == OCT_TYPE_BF16) {
        layer->halves = weights(r, index, "weight", OCT_SAFETENSORS_BF16, count, &status);
    } else if (type == OCT_TYPE_U8) {
        layer->codes = weights(r, index, "weight", OCT_SAFETENSORS_I8, count, &status);
        layer->scale = weights(r, index, "scale", OCT_SAFETENSORS_F32, (size_t)outputs, &status);
    } else {
        layer->values = weights(r, index, "weight", OCT_SAFETENSORS_F32, count, &status);
    }
    return status;
}

static octet_status read_layer(struct reading *r, const json_t *json, int index)
{
    static const char *const operations[] = {"conv", "max_pool", "upsample", "copy", "table"};
    struct oct_plan_layer *layer = &r->plan.layers[index];
    const char *operation = json_string_value(json_object_get(json, "op"));
    int known = -1;
    for (int i = 0; i < 5 && operation; i++)
        if (strcmp(operation, operations[i]) == 0)
            known = i;
    if (known < 0)
        return oct_fail(r->ctx, OCTET_BAD_FORMAT, "%s: layer %d has an unknown operation \"%.40s\"",
                        r->name, index, operation ? operation : "");
    layer->operation = (enum oct_plan_operation)known;
    layer->name = text(r, json, "name");
    if (!layer->name)
        return oct_fail_memory(r->ctx, r->name);
    layer->input = integer(json, "input", -1);
    layer->output = integer(json, "output", -1);
    layer->residual = integer(json, "residual", -1);
    layer->kernel = integer(json, "kernel", 1);
    layer->stride = integer(json, "stride", 1);
    layer->padding = integer(json, "padding", 0);
    layer->silu = json_is_true(json_object_get(json, "silu"));
    octet_status status = OCTET_OK;
    if (layer->operation == OCT_PLAN_CONVOLUTION)
        status = read_weights(r, index);
    else if (layer->operation == OCT_PLAN_TABLE)
        layer->table =
            weights(r, index, "table", OCT_SAFETENSORS_F32, OCT_PLAN_TABLE_ENTRIES, &status);
    return status;
}

static struct oct_rounding read_rounding(const json_t *json, const char *key)
{
    const json_t *value = json_object_get(json, key);
    return (struct oct_rounding){(float)json_number_value(json_object_get(value, "scale")),
                                 integer(value, "zero_point", 0)};
}

static void read_dfl(const json_t *json, struct oct_dfl_rounding *dfl)
{
    dfl->weight_scale = (float)json_number_value(json_object_get(json, "weight_scale"));
    dfl->probability = read_rounding(json, "probability");
    dfl->distance = read_rounding(json, "distance");
}

/* oct_plan_verify() refuses what is missing: nothing of it may be. */
static void read_selection(const json_t *json, struct oct_selection *selection)
{
    const json_t *confidence = json_object_get(json, "confidence"),
                 *iou = json_object_get(json, "iou");
    if (!json)
        return;
    *selection = (struct oct_selection){
        .is_own = true,
        .confidence = json_is_number(confidence) ? json_number_value(confidence) : -1.0,
        .iou = json_is_number(iou) ? json_number_value(iou) : -1.0,
        .max_detections = integer(json, "max_detections", -1),
        .max_per_class = integer(json, "max_per_class", -1),
        .multi_label = json_is_true(json_object_get(json, "multi_label")),
        .class_agnostic = json_is_true(json_object_get(json, "class_agnostic")),
    };
}

static octet_status read_head(struct reading *r, const json_t *json)
{
    struct oct_plan *plan = &r->plan;
    const json_t *levels = json_object_get(json, "levels"),
                 *names = json_object_get(json, "classes");
    const json_t *input = json_object_get(json, "input");
    if (!json_is_array(levels) || json_array_size(levels) > OCT_HEAD_LEVELS_MAX ||
        !json_is_array(names) || json_array_size(names) > OCT_PLAN_CHANNELS_MAX)
        return bad(r, "bad levels or classes");
    plan->level_count = (int)json_array_size(levels);
    for (int i = 0; i < plan->level_count; i++) {
        const json_t *level = json_array_get(levels, (size_t)i);
        plan->levels[i] = (struct oct_plan_level){
            integer(level, "box", -1), integer(level, "class", -1), integer(level, "stride", 0)};
    }
    plan->class_count = (int)json_array_size(names);
    plan->class_names =
        (const char **)oct_arena_calloc(r->arena, json_array_size(names), sizeof(char *));
    for (int i = 0; plan->class_names && i < plan->class_count; i++) {
        const char *name = json_string_value(json_array_get(names, (size_t)i));
        plan->class_names[i] = oct_arena_strdup(r->arena, name ? name : "");
        if (!plan->class_names[i])
            plan->class_names = NULL;
    }
    if (!plan->class_names)
        return oct_fail_memory(r->ctx, r->name);
    plan->reg_max = integer(json, "reg_max", 0);
    read_dfl(json_object_get(json, "dfl"), &plan->dfl);
    read_selection(json_object_get(json, "selection"), &plan->selection);
    plan->input_height = integer(input, "height", 0);
    plan->input_width = integer(input, "width", 0);
    plan->size_is_fixed = json_is_true(json_object_get(input, "fixed"));
    const json_t *preprocessing = json_object_get(json, "preprocessing");
    const char *resize = json_string_value(json_object_get(preprocessing, "resize"));
    const char *channels = json_string_value(json_object_get(preprocessing, "channels"));
    if (!resize || strcmp(resize, "letterbox") != 0 || !channels || strcmp(channels, "RGB") != 0 ||
        integer(preprocessing, "pad", -1) != 114)
        return oct_fail(r->ctx, OCTET_UNSUPPORTED_VERSION,
                        "%s: asks for a preprocessing that this version of octet does not have",
                        r->name);
    return OCTET_OK;
}

static octet_status read_plan(struct reading *r, const json_t *json)
{
    const json_t *tensors = json_object_get(json, "tensors"),
                 *layers = json_object_get(json, "layers");
    if (!json_is_array(tensors) || json_array_size(tensors) > OCT_PLAN_TENSORS_MAX ||
        !json_is_array(layers) || json_array_size(layers) > OCT_PLAN_LAYERS_MAX)
        return bad(r, "bad tensors or layers");
    r->plan.tensor_count = (int)json_array_size(tensors);
    r->plan.layer_count = (int)json_array_size(layers);
    r->plan.tensors = oct_arena_calloc(r->arena, json_array_size(tensors), sizeof *r->plan.tensors);
    r->plan.layers = oct_arena_calloc(r->arena, json_array_size(layers), sizeof *r->plan.layers);
    if (!r->plan.tensors || !r->plan.layers)
        return oct_fail_memory(r->ctx, r->name);
    octet_status status = OCTET_OK;
    for (int i = 0; i < r->plan.tensor_count && !status; i++)
        status = read_tensor(r, json_array_get(tensors, (size_t)i), i);
    for (int i = 0; i < r->plan.layer_count && !status; i++)
        status = read_layer(r, json_array_get(layers, (size_t)i), i);
    return status ? status : read_head(r, json);
}

static octet_status read_provenance(struct reading *r, octet_engine *engine)
{
    const char *given = oct_safetensors_metadata(&r->file, "octet.provenance");
    json_t *json = given ? json_loads(given, JSON_REJECT_DUPLICATES, NULL) : NULL;
    const int count = (int)json_object_size(json);
    const char **keys = (const char **)oct_arena_calloc(r->arena, (size_t)count, sizeof *keys);
    const char **values = (const char **)oct_arena_calloc(r->arena, (size_t)count, sizeof *values);
    octet_status status = keys && values ? OCTET_OK : oct_fail_memory(r->ctx, r->name);
    const char *key;
    json_t *value;
    int i = 0;
    json_object_foreach(json, key, value)
    {
        if (status)
            break;
        keys[i] = key;
        values[i++] = json_is_string(value) ? json_string_value(value) : "";
    }
    if (!status)
        status = oct_engine_set_provenance(r->ctx, engine, count, keys, values);
    json_decref(json);
    return status;
}

static octet_status check_kind(struct reading *r)
{
    const char *kind = oct_safetensors_metadata(&r->file, "octet.kind");
    const char *version = oct_safetensors_metadata(&r->file, "octet.version");
    if (!kind || strcmp(kind, "engine") != 0)
        return oct_fail(r->ctx, OCTET_UNKNOWN_FORMAT, "%s: not an engine but %s%s", r->name,
                        kind ? "an octet file of kind " : "another safetensors file",
                        kind ? kind : "");
    const bool first = version && strcmp(version, OCT_TEXT(OCT_ENGINE_VERSION_FIRST)) == 0;
    if (!first && (!version || strcmp(version, OCT_TEXT(OCT_ENGINE_VERSION)) != 0))
        return oct_fail(r->ctx, OCTET_UNSUPPORTED_VERSION,
                        "%s: engine format version %.20s; this octet reads versions %d and %d: "
                        "build it again",
                        r->name, version ? version : "(none)", OCT_ENGINE_VERSION_FIRST,
                        OCT_ENGINE_VERSION);
    r->version = first ? OCT_ENGINE_VERSION_FIRST : OCT_ENGINE_VERSION;
    return OCTET_OK;
}

static octet_status read_engine(struct reading *r, octet_engine *engine)
{
    octet_status status = check_kind(r);
    if (status)
        return status;
    const char *given = oct_safetensors_metadata(&r->file, "octet.plan");
    json_t *json = given ? json_loads(given, JSON_REJECT_DUPLICATES, NULL) : NULL;
    status = json_is_object(json) ? read_plan(r, json) : bad(r, "the plan is no JSON object");
    json_decref(json);
    r->plan.description = oct_safetensors_metadata(&r->file, "octet.description");
    if (!status)
        status = oct_engine_set_plan(r->ctx, engine, &r->plan, r->name);
    struct oct_plan_size *sizes = NULL;
    if (!status &&
        !(sizes = oct_arena_calloc(r->arena, (size_t)r->plan.tensor_count, sizeof *sizes)))
        status = oct_fail_memory(r->ctx, r->name);
    if (!status &&
        oct_plan_sizes(r->ctx, &r->plan, r->plan.input_height, r->plan.input_width, sizes))
        status = bad(r, "shapes do not fit at its own input size");
    return status ? status : read_provenance(r, engine);
}

octet_status oct_engine_read(octet_context *ctx, const void *bytes, size_t size, const char *name,
                             octet_engine **engine)
{
    struct oct_arena arena;
    oct_arena_init(&arena, ctx);
    struct reading r = {.ctx = ctx, .arena = &arena, .name = name};
    octet_status status = oct_engine_create(ctx, engine);
    if (!status)
        status = oct_safetensors_parse(ctx, &arena, bytes, size, name, &r.file);
    if (!status)
        status = read_engine(&r, *engine);
    oct_arena_clear(&arena);
    if (status) {
        oct_engine_free(*engine);
        *engine = NULL;
    }
    return status;
}
