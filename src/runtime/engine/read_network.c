/* SPDX-License-Identifier: Apache-2.0 */
/* The network of an engine file, field by field. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "network/operations.h"
#include "runtime/container/preprocessing.h"
#include "runtime/engine/nibbles.h"
#include "runtime/engine/read_engine.h"
#include "runtime/head/heads.h"

/* What a tensor is, by its fields. */
enum { CODES = 1, REALS = 2, CONCAT = 4, SLICE = 8 };

static unsigned case_of(const struct oct_json_value *json, int type)
{
    if (oct_json_find(json, "concat"))
        return CONCAT;
    if (oct_json_find(json, "slice"))
        return SLICE;
    return type == OCT_TYPE_U8 ? CODES : REALS;
}

/* The text `key`; "" where it is missing or none. */
static const char *find_text(const struct oct_json_value *json, const char *key)
{
    const struct oct_json_value *value = oct_json_find(json, key);
    return value && value->kind == OCT_JSON_TEXT ? value->text : "";
}

/* The first `count` types; -1: none of them. */
static int find_type(const char *name, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(name, oct_type_name((enum oct_type)i)) == 0)
            return i;
    return -1;
}

static octet_status read_tensor(struct oct_engine_reading *r, const struct oct_json_value *json,
                                int index)
{
    const int type_count = r->version < OCT_ENGINE_VERSION_BF16 ? 2 : OCT_TYPE_COUNT;
    struct oct_tensor *t = &r->network.tensors[index];
    const struct oct_json_value *concat = NULL, *slice = NULL;
    const char *type;
    int view[2] = {-1, 0};
    const struct oct_field fields[] = {
        {"name", OCT_FIELD_TEXT, 0, 0, &t->name, 0, false},
        {"channels", OCT_FIELD_INTEGER, 1, OCT_CHANNELS_MAX, &t->channels, 0, false},
        {"type", OCT_FIELD_TEXT, 0, 0, &type, 0, false},
        {"concat", OCT_FIELD_ARRAY, 1, OCT_CONCAT_MAX, &concat, CONCAT, false},
        {"slice", OCT_FIELD_ARRAY, 2, 2, &slice, SLICE, false},
        {"scale", OCT_FIELD_FLOAT, (double)OCT_SCALE_MIN, (double)OCT_SCALE_MAX,
         &t->quantization.scale, CODES, false},
        {"zero_point", OCT_FIELD_INTEGER, 0, 255, &t->quantization.zero_point, CODES, false},
    };
    const struct oct_field_place place = {r->ctx, r->what, "tensor", index};
    const int known = find_type(find_text(json, "type"), type_count);
    if (known < 0)
        return oct_field_refuse(&place, "type",
                                type_count == 2 ? "is missing, or neither u8 nor f32"
                                                : "is missing, or none of u8, f32 and bf16");
    octet_status status = OCT_FIELDS_READ(&place, json, case_of(json, known), fields);
    if (status)
        return status;
    t->type = (enum oct_type)known;
    t->kind = concat ? OCT_TENSOR_CONCAT : slice ? OCT_TENSOR_SLICE : OCT_TENSOR_LAYER;
    if (t->kind == OCT_TENSOR_LAYER && index == 0)
        t->kind = OCT_TENSOR_INPUT;
    if (concat) {
        t->member_count = concat->count;
        status = oct_field_integers(&place, "concat", concat, 0, OCT_TENSORS_MAX - 1, t->members);
    } else if (slice) {
        status = oct_field_integers(&place, "slice", slice, 0, INT_MAX, view);
    }
    t->parent = view[0];
    t->offset = view[1];
    return status;
}

const void *oct_engine_tensor(struct oct_engine_reading *r, const char *name,
                              enum oct_safetensors_type type, const size_t shape[4], int rank,
                              octet_status *status)
{
    const struct oct_safetensors_tensor *tensor = oct_safetensors_find(&r->file, name);
    const size_t bytes = oct_safetensors_element_bytes(type);
    if (*status)
        return NULL;
    size_t count = 1;
    for (int d = 0; d < rank; d++)
        count *= shape[d];
    if (!tensor || tensor->type != type || tensor->rank != rank ||
        memcmp(tensor->shape, shape, (size_t)rank * sizeof *shape) != 0) {
        *status = oct_fail(r->ctx, OCTET_BAD_FORMAT,
                           "%s: tensor \"%s\" is missing or not as planned", r->what, name);
        return NULL;
    }
    r->taken++;
    if (r->look_only || (uintptr_t)tensor->bytes % bytes == 0)
        return tensor->bytes;
    void *copy = oct_arena_calloc(r->arena, count, bytes);
    if (!copy) {
        *status = oct_fail_memory(r->ctx, r->name);
        return NULL;
    }
    memcpy(copy, tensor->bytes, tensor->size);
    return copy;
}

/* Of a layer. */
static const void *weights(struct oct_engine_reading *r, int layer, const char *what,
                           enum oct_safetensors_type type, const size_t shape[4], int rank,
                           octet_status *status)
{
    char name[40];
    snprintf(name, sizeof name, "layer.%03d.%s", layer, what);
    return oct_engine_tensor(r, name, type, shape, rank, status);
}

/* Codes of 4 bits, one a byte; NULL and *status as of weights(). */
static const int8_t *packed_codes(struct oct_engine_reading *r, int index, octet_status *status)
{
    const struct oct_layer *layer = &r->network.layers[index];
    const size_t count = (size_t)oct_layer_weights(&r->network, layer);
    const size_t shape[4] = {oct_nibble_bytes(count)};
    const uint8_t *bytes = weights(r, index, "weight", OCT_SAFETENSORS_U8, shape, 1, status);
    if (*status || r->look_only)
        return NULL;
    int8_t *codes = oct_arena_calloc(r->arena, count, sizeof *codes);
    if (!codes) {
        *status = oct_fail_memory(r->ctx, r->name);
    } else if (!oct_unpack_nibbles(bytes, count, codes)) {
        *status = oct_fail(r->ctx, OCTET_BAD_FORMAT,
                           "%s: layer %d has a weight of -8, or more weights than it should",
                           r->what, index);
        return NULL;
    }
    return codes;
}

static octet_status read_weights(struct oct_engine_reading *r, int index)
{
    struct oct_layer *layer = &r->network.layers[index];
    const int inputs = oct_layer_depth(&r->network, layer);
    const int outputs = r->network.tensors[layer->output].channels;
    const size_t shape[4] = {(size_t)outputs, (size_t)inputs, (size_t)layer->kernel,
                             (size_t)layer->kernel};
    octet_status status = OCTET_OK;
    layer->bias = weights(r, index, "bias", OCT_SAFETENSORS_F32, shape, 1, &status);
    const enum oct_type type = r->network.tensors[layer->input].type;
    if (type == OCT_TYPE_BF16) {
        layer->bf16 = weights(r, index, "weight", OCT_SAFETENSORS_BF16, shape, 4, &status);
    } else if (type == OCT_TYPE_U8 && layer->code_bits == 4) {
        layer->codes = packed_codes(r, index, &status);
        layer->scale = weights(r, index, "scale", OCT_SAFETENSORS_F32, shape, 1, &status);
    } else if (type == OCT_TYPE_U8) {
        layer->codes = weights(r, index, "weight", OCT_SAFETENSORS_I8, shape, 4, &status);
        layer->scale = weights(r, index, "scale", OCT_SAFETENSORS_F32, shape, 1, &status);
    } else {
        layer->values = weights(r, index, "weight", OCT_SAFETENSORS_F32, shape, 4, &status);
    }
    return status;
}

/* Beside OCT_HAS_...: fields of the file's version, and of the layer's activation. */
enum { HAS_SILU = 1 << 16, HAS_ACTIVATION = 1 << 17, HAS_SLOPE = 1 << 18, HAS_BITS = 1 << 19 };

static unsigned window_fields(const struct oct_engine_reading *r, int activation)
{
    if (r->version < OCT_ENGINE_VERSION_ACTIVATIONS)
        return HAS_SILU;
    const bool sloped =
        activation >= 0 && oct_activation_row((enum oct_activation)activation)->has_slope;
    return HAS_ACTIVATION | (sloped ? HAS_SLOPE : 0) |
           (r->version >= OCT_ENGINE_VERSION_BITS ? HAS_BITS : 0);
}

/* What a layer of an operation has in a file of the version that is read. */
static unsigned layer_fields(const struct oct_engine_reading *r, int operation, int activation)
{
    const enum oct_operation known =
        operation < 0 ? OCT_CONVOLUTION : (enum oct_operation)operation;
    unsigned has = oct_operation_row(known)->has;
    if (r->version < OCT_ENGINE_VERSION_UNEVEN)
        has &= ~(unsigned)OCT_HAS_UNEVEN;
    return has & OCT_HAS_WINDOW ? has | window_fields(r, activation) : has;
}

/* -1: none that the file's version has. */
static int find_operation(const struct oct_engine_reading *r, const char *name)
{
    const int found = oct_operation_find(name);
    const bool is_new =
        found >= 0 && oct_operation_row((enum oct_operation)found)->since > r->version;
    return is_new ? -1 : found;
}

static octet_status read_layer(struct oct_engine_reading *r, const struct oct_json_value *json,
                               int index)
{
    static const size_t table_shape[4] = {OCT_TABLE_ENTRIES};
    struct oct_layer *layer = &r->network.layers[index];
    const struct oct_field_place place = {r->ctx, r->what, "layer", index};
    const int known = find_operation(r, find_text(json, "op")), last = r->network.tensor_count - 1;
    const int activation = oct_activation_find(find_text(json, "activation"));
    const char *operation = "", *of_activation = "";
    int silu = 0;
    *layer = (struct oct_layer){.residual = -1, .kernel = 1, .stride = 1};
    const struct oct_field fields[] = {
        {"name", OCT_FIELD_TEXT, 0, 0, &layer->name, 0, false},
        {"op", OCT_FIELD_TEXT, 0, 0, &operation, 0, false},
        {"input", OCT_FIELD_INTEGER, 0, last, &layer->input, 0, false},
        {"output", OCT_FIELD_INTEGER, 0, last, &layer->output, 0, false},
        {"kernel", OCT_FIELD_INTEGER, 1, OCT_KERNEL_MAX, &layer->kernel, OCT_HAS_KERNEL, false},
        {"stride", OCT_FIELD_INTEGER, 1, OCT_STRIDE_MAX, &layer->stride,
         OCT_HAS_WINDOW | OCT_HAS_PADDING, false},
        {"padding", OCT_FIELD_INTEGER, 0, OCT_KERNEL_MAX - 1, &layer->padding,
         OCT_HAS_WINDOW | OCT_HAS_PADDING, false},
        {"uneven", OCT_FIELD_INTEGER, 1 - OCT_KERNEL_MAX, OCT_KERNEL_MAX - 1, &layer->uneven,
         OCT_HAS_UNEVEN | OCT_HAS_PADDING, true},
        {"zeros", OCT_FIELD_BOOLEAN, 0, 0, &layer->zeros, OCT_HAS_ZEROS, false},
        {"silu", OCT_FIELD_BOOLEAN, 0, 0, &silu, HAS_SILU, false},
        {"groups", OCT_FIELD_INTEGER, 1, OCT_CHANNELS_MAX, &layer->groups, HAS_ACTIVATION, false},
        {"activation", OCT_FIELD_TEXT, 0, 0, &of_activation, HAS_ACTIVATION, false},
        {"slope", OCT_FIELD_FLOAT, 0, 1, &layer->slope, HAS_SLOPE, false},
        {"bits", OCT_FIELD_INTEGER, 4, 4, &layer->code_bits, HAS_BITS, true},
        {"residual", OCT_FIELD_INTEGER, 0, last, &layer->residual, OCT_HAS_RESIDUAL, true},
        {"heads", OCT_FIELD_INTEGER, 1, OCT_CHANNELS_MAX, &layer->heads, OCT_HAS_HEADS, false},
        {"areas", OCT_FIELD_INTEGER, 1, OCT_AREAS_MAX, &layer->areas, OCT_HAS_HEADS, false},
        {"factor", OCT_FIELD_FLOAT, (double)OCT_SCALE_MIN, (double)OCT_SCALE_MAX, &layer->factor,
         OCT_HAS_HEADS, false},
    };
    const unsigned has = layer_fields(r, known, activation);
    octet_status status = OCT_FIELDS_READ(&place, json, has, fields);
    if (known < 0)
        return oct_fail(r->ctx, OCTET_BAD_FORMAT,
                        "%s: layer %d: \"op\" is missing or no operation: \"%.40s\"", r->what,
                        index, operation);
    layer->operation = (enum oct_operation)known;
    layer->activation = silu ? OCT_ACTIVATION_SILU : OCT_ACTIVATION_NONE;
    if (!status && (has & HAS_ACTIVATION) && activation < 0)
        return oct_field_refuse(&place, "activation", "is no activation");
    if (has & HAS_ACTIVATION)
        layer->activation = (enum oct_activation)activation;
    if (!status && layer->code_bits && r->network.tensors[layer->input].type != OCT_TYPE_U8)
        return oct_field_refuse(&place, "bits", "goes with codes, and the layer reads values");
    if (!status && has & OCT_HAS_WEIGHTS)
        status = read_weights(r, index);
    else if (!status && has & OCT_HAS_TABLE)
        layer->table = weights(r, index, "table", OCT_SAFETENSORS_F32, table_shape, 1, &status);
    return status;
}

static octet_status read_classes(struct oct_engine_reading *r, const struct oct_json_value *names)
{
    r->network.class_names =
        (const char **)oct_arena_calloc(r->arena, (size_t)names->count, sizeof(char *));
    if (!r->network.class_names)
        return oct_fail_memory(r->ctx, r->name);
    for (const struct oct_json_value *name = names->first; name; name = name->next) {
        if (name->kind != OCT_JSON_TEXT)
            return oct_fail(r->ctx, OCTET_BAD_FORMAT, "%s: \"classes\": name %d is %s, not a text",
                            r->what, r->network.head.class_count, oct_json_kind_name(name->kind));
        r->network.class_names[r->network.head.class_count++] = name->text;
    }
    return OCTET_OK;
}

static octet_status read_selection(const struct oct_engine_reading *r,
                                   const struct oct_json_value *json,
                                   struct oct_selection *selection)
{
    const struct oct_field fields[] = {
        {"confidence", OCT_FIELD_DOUBLE, 0, 1, &selection->confidence, 0, false},
        {"iou", OCT_FIELD_DOUBLE, 0, 1, &selection->iou, 0, false},
        {"max_detections", OCT_FIELD_INTEGER, 1, OCT_CANDIDATES_MAX, &selection->max_detections, 0,
         false},
        {"max_per_class", OCT_FIELD_INTEGER, 0, INT_MAX, &selection->max_per_class, 0, false},
        {"multi_label", OCT_FIELD_BOOLEAN, 0, 0, &selection->multi_label, 0, false},
        {"class_agnostic", OCT_FIELD_BOOLEAN, 0, 0, &selection->class_agnostic, 0, false},
    };
    const struct oct_field_place place = {r->ctx, r->what, "selection", -1};
    selection->is_own = true;
    return OCT_FIELDS_READ(&place, json, 0, fields);
}

static octet_status read_input(struct oct_engine_reading *r, const struct oct_json_value *input,
                               const struct oct_json_value *preprocessing)
{
    struct oct_network *network = &r->network;
    const char *differs = NULL;
    const struct oct_field fields[] = {
        {"height", OCT_FIELD_INTEGER, 1, OCT_INPUT_SIDE_MAX, &network->input_height, 0, false},
        {"width", OCT_FIELD_INTEGER, 1, OCT_INPUT_SIDE_MAX, &network->input_width, 0, false},
        {"fixed", OCT_FIELD_BOOLEAN, 0, 0, &network->size_is_fixed, 0, false},
    };
    const struct oct_field_place place = {r->ctx, r->what, "input", -1},
                                 second = {r->ctx, r->what, "preprocessing", -1};
    octet_status status = OCT_FIELDS_READ(&place, input, 0, fields);
    if (!status)
        status = oct_preprocessing_read(&second, preprocessing, NULL, &differs);
    if (!status && differs)
        return oct_fail(r->ctx, OCTET_UNSUPPORTED_VERSION,
                        "%s: asks for a preprocessing that this version of octet does not have "
                        "(\"%s\")",
                        r->name, differs);
    return status;
}

/* ---- the whole ---- */

static octet_status read_lists(struct oct_engine_reading *r, const struct oct_json_value *tensors,
                               const struct oct_json_value *layers)
{
    r->network.tensor_count = tensors->count;
    r->network.layer_count = layers->count;
    r->network.tensors =
        oct_arena_calloc(r->arena, (size_t)tensors->count, sizeof *r->network.tensors);
    r->network.layers =
        oct_arena_calloc(r->arena, (size_t)layers->count, sizeof *r->network.layers);
    if (!r->network.tensors || !r->network.layers)
        return oct_fail_memory(r->ctx, r->name);
    octet_status status = OCTET_OK;
    int index = 0;
    for (const struct oct_json_value *one = tensors->first; one && !status; one = one->next)
        status = read_tensor(r, one, index++);
    index = 0;
    for (const struct oct_json_value *one = layers->first; one && !status; one = one->next)
        status = read_layer(r, one, index++);
    return status;
}

/* The cases of a plan. */
enum { HEADS = 1, SETS = 2 };

static unsigned plan_case(const struct oct_engine_reading *r)
{
    return (r->version >= OCT_ENGINE_VERSION_HEADS ? HEADS : 0) |
           (r->version >= OCT_ENGINE_VERSION_SETS ? SETS : 0);
}

octet_status oct_network_read(struct oct_engine_reading *r, const struct oct_json_value *json)
{
    struct oct_network *network = &r->network;
    struct oct_head *head = &network->head;
    struct oct_head_fields of_head = {{0}, {NULL}};
    const struct oct_json_value *classes, *input, *preprocessing, *tensors, *layers,
        *selection = NULL, *sets = NULL, *sizes = NULL;
    const char *kind = oct_json_find(json, "head") ? find_text(json, "head") : oct_head_yolov8.word;
    const struct oct_field common[] = {
        {"head", OCT_FIELD_TEXT, 0, 0, &kind, HEADS, true},
        {"classes", OCT_FIELD_ARRAY, 1, OCT_CHANNELS_MAX, &classes, 0, false},
        {"input", OCT_FIELD_OBJECT, 0, 0, &input, 0, false},
        {"preprocessing", OCT_FIELD_OBJECT, 0, 0, &preprocessing, 0, false},
        {"tensors", OCT_FIELD_ARRAY, 2, OCT_TENSORS_MAX, &tensors, 0, false},
        {"layers", OCT_FIELD_ARRAY, 1, OCT_LAYERS_MAX, &layers, 0, false},
        {"selection", OCT_FIELD_OBJECT, 0, 0, &selection, 0, true},
        {"sets", OCT_FIELD_ARRAY, 1, OCT_SIZES_MAX - 1, &sets, SETS, false},
        {"sizes", OCT_FIELD_ARRAY, 2, OCT_SIZES_MAX, &sizes, SETS, false},
    };
    enum { COMMON = sizeof common / sizeof common[0] };
    struct oct_field fields[COMMON + OCT_HEAD_FIELDS_MAX];
    memcpy(fields, common, sizeof common);
    head->kind = oct_head_kind_find(kind);
    if (!head->kind)
        return oct_fail(r->ctx, OCTET_BAD_FORMAT,
                        "%s: plan: \"head\" is none that is known: \"%.40s\"", r->what, kind);
    const size_t count = COMMON + head->kind->fields(&of_head, fields + COMMON);
    const struct oct_field_place place = {r->ctx, r->what, "plan", -1};
    octet_status status = oct_fields_read(&place, json, plan_case(r), fields, count);
    if (!status)
        status = read_input(r, input, preprocessing);
    if (!status)
        status = read_lists(r, tensors, layers);
    if (!status && sets)
        status = oct_sets_read(r, sets, sizes);
    if (!status && r->taken != r->file.tensor_count)
        status = oct_fail(r->ctx, OCTET_BAD_FORMAT, "%s: there are tensors that belong to no layer",
                          r->what);
    if (!status)
        status = read_classes(r, classes);
    if (!status)
        status = head->kind->read(r->ctx, r->what, &of_head, network);
    if (!status && selection)
        status = read_selection(r, selection, &head->selection);
    return status;
}
