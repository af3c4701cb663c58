/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of scales of an engine file: codings from the plan, scales and biases from tensors. */
#include <stdio.h>
#include <string.h>

#include "runtime/engine/read_engine.h"

/* Tensors that have a coding of their own but for the picture, whose coding is fixed. */
static bool has_coding(const struct oct_tensor *tensor)
{
    return tensor->kind == OCT_TENSOR_LAYER && tensor->type == OCT_TYPE_U8;
}

static octet_status read_scales(const struct oct_field_place *place,
                                const struct oct_json_value *list, float *scales)
{
    int count = 0;
    for (const struct oct_json_value *one = list->first; one; one = one->next) {
        double number = 0.0;
        if (!oct_json_number(one, &number) || !oct_scale_valid((float)number))
            return oct_field_refuse(place, "scales", "has one that is no scale");
        scales[count++] = (float)number;
    }
    return OCTET_OK;
}

static octet_status read_codings(struct oct_engine_reading *r, const struct oct_json_value *json,
                                 int index, struct oct_network *to)
{
    const struct oct_field_place place = {r->ctx, r->what, "set", index};
    const struct oct_json_value *scale_list, *zero_list;
    int coded = 0;
    for (int i = 0; i < to->tensor_count; i++)
        coded += has_coding(&to->tensors[i]);
    const struct oct_field fields[] = {
        {"scales", OCT_FIELD_ARRAY, coded, coded, &scale_list, 0, false},
        {"zero_points", OCT_FIELD_ARRAY, coded, coded, &zero_list, 0, false},
    };
    octet_status status = OCT_FIELDS_READ(&place, json, 0, fields);
    if (!status && coded == 0)
        return oct_field_refuse(&place, "scales", "goes with codes, and no layer writes any");
    if (status)
        return status;
    float *scales = oct_arena_calloc(r->arena, (size_t)coded + 1, sizeof *scales);
    int *zero_points = oct_arena_calloc(r->arena, (size_t)coded + 1, sizeof *zero_points);
    if (!scales || !zero_points)
        return oct_fail_memory(r->ctx, r->name);
    status = read_scales(&place, scale_list, scales);
    if (!status)
        status = oct_field_integers(&place, "zero_points", zero_list, 0, 255, zero_points);
    for (int i = 0, at = 0; i < to->tensor_count && !status; i++) {
        if (!has_coding(&to->tensors[i]))
            continue;
        to->tensors[i].quantization = (struct oct_quantization){scales[at], zero_points[at]};
        at++;
    }
    return status;
}

static octet_status read_factors(struct oct_engine_reading *r, int set, int index,
                                 struct oct_network *to)
{
    struct oct_layer *layer = &to->layers[index];
    const size_t shape[4] = {(size_t)to->tensors[layer->output].channels};
    octet_status status = OCTET_OK;
    char name[40];
    snprintf(name, sizeof name, "set.%02d.layer.%03d.bias", set, index);
    layer->bias = oct_engine_tensor(r, name, OCT_SAFETENSORS_F32, shape, 1, &status);
    snprintf(name, sizeof name, "set.%02d.layer.%03d.scale", set, index);
    layer->scale = oct_engine_tensor(r, name, OCT_SAFETENSORS_F32, shape, 1, &status);
    return status;
}

static octet_status read_set(struct oct_engine_reading *r, const struct oct_json_value *json,
                             int index)
{
    const struct oct_network *base = &r->network;
    struct oct_network *to = &r->sets[index];
    const size_t tensors = (size_t)base->tensor_count, layers = (size_t)base->layer_count;
    *to = *base;
    to->tensors = oct_arena_calloc(r->arena, tensors, sizeof *to->tensors);
    to->layers = oct_arena_calloc(r->arena, layers, sizeof *to->layers);
    if (!to->tensors || !to->layers)
        return oct_fail_memory(r->ctx, r->name);
    memcpy(to->tensors, base->tensors, tensors * sizeof *to->tensors);
    memcpy(to->layers, base->layers, layers * sizeof *to->layers);
    octet_status status = read_codings(r, json, index + 1, to);
    for (int i = 0; i < to->layer_count && !status; i++)
        if (to->layers[i].operation == OCT_CONVOLUTION &&
            to->tensors[to->layers[i].input].type == OCT_TYPE_U8)
            status = read_factors(r, index + 1, i, to);
        else if (to->layers[i].operation == OCT_TABLE)
            status = oct_fail(r->ctx, OCTET_BAD_FORMAT,
                              "%s: layer %d is a table, which sets of scales do not go with",
                              r->what, i);
    return status;
}

/* By rising area, then height; each set has a size. */
static octet_status read_size(struct oct_engine_reading *r, const struct oct_json_value *json)
{
    const int index = r->size_count;
    struct oct_scaled_size *size = &r->sizes[r->size_count++];
    const struct oct_field_place place = {r->ctx, r->what, "size", index};
    const struct oct_field fields[] = {
        {"height", OCT_FIELD_INTEGER, 1, OCT_INPUT_SIDE_MAX, &size->height, 0, false},
        {"width", OCT_FIELD_INTEGER, 1, OCT_INPUT_SIDE_MAX, &size->width, 0, false},
        {"set", OCT_FIELD_INTEGER, 0, r->set_count - 1, &size->set, 0, false},
    };
    const octet_status status = OCT_FIELDS_READ(&place, json, 0, fields);
    if (status || index == 0)
        return status;
    const struct oct_scaled_size *before = &r->sizes[index - 1];
    const int area = size->height * size->width, last = before->height * before->width;
    return area > last || (area == last && size->height > before->height)
               ? OCTET_OK
               : oct_field_refuse(&place, "height", "is out of order: sizes come by rising area");
}

static octet_status check_all_taken(struct oct_engine_reading *r)
{
    for (int set = 0; set < r->set_count; set++) {
        bool taken = false;
        for (int i = 0; i < r->size_count; i++)
            taken = taken || r->sizes[i].set == set;
        if (!taken)
            return oct_fail(r->ctx, OCTET_BAD_FORMAT, "%s: no size takes set %d", r->what, set);
    }
    return OCTET_OK;
}

octet_status oct_sets_read(struct oct_engine_reading *r, const struct oct_json_value *sets,
                           const struct oct_json_value *sizes)
{
    octet_status status = OCTET_OK;
    int index = 0;
    r->sets = oct_arena_calloc(r->arena, (size_t)sets->count, sizeof *r->sets);
    if (!r->sets)
        return oct_fail_memory(r->ctx, r->name);
    r->set_count = sets->count + 1;
    for (const struct oct_json_value *one = sets->first; one && !status; one = one->next)
        status = read_set(r, one, index++);
    for (const struct oct_json_value *one = sizes->first; one && !status; one = one->next)
        status = read_size(r, one);
    return status ? status : check_all_taken(r);
}
