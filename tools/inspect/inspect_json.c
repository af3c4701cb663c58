/* SPDX-License-Identifier: Apache-2.0 */
/* Describes models and engines as JSON. */
#include "inspect/inspect.h"

#include "inspect/family_text.h"
#include "models/model_file.h"
#include "models/scales_text.h"
#include "models/selection.h"

static json_t *shape_json(int channels, int height, int width)
{
    json_t *shape = json_new_array();
    json_push(shape, json_integer(channels));
    json_push(shape, json_integer(height));
    json_push(shape, json_integer(width));
    return shape;
}

static json_t *layer_json(const octet_layer_info *layer)
{
    json_t *json = json_new_object();
    json_put(json, "name", json_text(layer->name));
    json_put(json, "operation", json_text(layer->operation));
    json_put(json, "fused", json_text(layer->fused));
    json_put(json, "precision", json_text(precision_word(layer->precision)));
    json_put(json, "input_shape",
             shape_json(layer->input_channels, layer->input_height, layer->input_width));
    json_put(json, "output_shape",
             shape_json(layer->output_channels, layer->output_height, layer->output_width));
    json_put(json, "kernel", json_integer(layer->kernel));
    json_put(json, "stride", json_integer(layer->stride));
    json_put(json, "multiply_adds", json_integer(layer->multiply_adds));
    json_put(json, "weight_bytes", json_integer(layer->weight_bytes));
    if (layer->output_scale > 0) {
        json_put(json, "output_scale", json_number(layer->output_scale));
        json_put(json, "output_zero_point", json_integer(layer->output_zero_point));
    }
    return json;
}

static json_t *ports_json(const octet_model *model, int output)
{
    octet_port_info port;
    json_t *ports = json_new_array();
    for (int i = 0; octet_model_port(model, output, i, &port); i++) {
        json_t *one = json_new_object();
        json_put(one, "name", json_text(port.name));
        json_put(one, "type", json_text(port.type));
        json_put(one, "shape", json_text(port.shape));
        json_push(ports, one);
    }
    return ports;
}

/* Keys are text from files, so they are cleaned as values are. */
static void put_pair(json_t *object, const char *key, const char *text)
{
    json_t *clean = json_text(key);
    json_put(object, json_string_value(clean), json_text(text));
    json_decref(clean);
}

static void put_origin(json_t *root, const struct subject *subject)
{
    const char *key, *text;
    json_t *pairs = json_new_object();
    if (subject->model) {
        json_put(root, "inputs", ports_json(subject->model, 0));
        json_put(root, "outputs", ports_json(subject->model, 1));
    }
    if (subject->engine)
        json_put(root, "scales", scales_json(subject->engine));
    for (int i = 0; subject_pair(subject, i, &key, &text); i++)
        put_pair(pairs, key, text);
    json_put(root, subject->model ? "metadata" : "provenance", pairs);
}

json_t *describe_json(const struct subject *subject)
{
    octet_info info;
    octet_layer_info layer;
    char family[FAMILY_TEXT_BYTES];
    const octet_model *model = subject->model;
    json_t *root = json_new_object(), *classes = json_new_array(), *layers = json_new_array();
    subject_info(subject, &info);
    json_put(root, "file", json_text(subject->path));
    json_put(root, "kind", json_text(model ? "onnx" : "engine"));
    json_put(root, "name", json_text(info.name));
    json_put(root, "detector", json_text(family_text(subject, family)));
    json_put(root, "head", json_text(info.head));
    json_put(root, "precision", json_text(precision_word(info.precision)));
    json_put(root, "height", json_integer(info.input_height));
    json_put(root, "width", json_integer(info.input_width));
    json_put(root, "size_is_fixed", json_boolean(info.size_is_fixed));
    json_put(root, "weight_count", json_integer(info.weight_count));
    json_put(root, "weight_bytes", json_integer(info.weight_bytes));
    json_put(root, "multiply_adds", json_integer(info.multiply_adds));
    json_put(root, "probe_box_difference", json_number(info.probe_box_difference));
    json_put(root, "probe_score_difference", json_number(info.probe_score_difference));
    for (int i = 0; i < info.class_count; i++)
        json_push(classes, json_text(subject_class_name(subject, i)));
    json_put(root, "classes", classes);
    octet_detect_settings settings;
    const int own = subject_settings(subject, &settings);
    json_put(root, "selection", selection_json(&settings, own));
    put_origin(root, subject);
    for (int i = 0; i < info.layer_count; i++) {
        octet_status status = subject_layer(subject, i, &layer);
        if (status != OCTET_OK)
            break;
        json_push(layers, layer_json(&layer));
    }
    json_put(root, "layers", layers);
    return root;
}
