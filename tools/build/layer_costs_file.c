/* SPDX-License-Identifier: Apache-2.0 */
/* Times of layers as a JSON file, so that a choice can be made for another machine, or again. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/output_file.h"
#include "build/layer_costs.h"

#define VERSION 1
#define MS_MAX 1e6 /* of a layer; more is no time */

static const char *float_word(bool bf16)
{
    return bf16 ? "half" : "fp32";
}

json_t *layer_costs_json(const struct layer_costs *costs)
{
    json_t *root = json_new_object(), *layers = json_new_array();
    json_put(root, "octet_layer_costs", json_integer(VERSION));
    json_put(root, "model_sha256", json_text(costs->model));
    json_put(root, "kernels", json_text(costs->kernels));
    json_put(root, "threads", json_integer(costs->threads));
    json_put(root, "height", json_integer(costs->height));
    json_put(root, "width", json_integer(costs->width));
    json_put(root, "float_precision", json_text(float_word(costs->bf16)));
    json_put(root, "conversion_ns", json_real(costs->conversion_ns));
    for (int i = 0; i < costs->layers->count; i++) {
        json_t *layer = json_new_object();
        json_put(layer, "name", json_text(costs->layers->info[i].name));
        json_put(layer, "int8_ms", json_real(costs->int8_ms[i]));
        json_put(layer, "float_ms", json_real(costs->float_ms[i]));
        json_push(layers, layer);
    }
    json_put(root, "layers", layers);
    return root;
}

int layer_costs_write(struct app *app, const char *path, const struct layer_costs *costs)
{
    char *text = json_line(layer_costs_json(costs)), *line = app_printf("%s\n", text);
    const int status = output_write_file(app, path, line, strlen(line));
    free(text);
    free(line);
    return status;
}

static bool take_time(const json_t *object, const char *key, double *time)
{
    const json_t *value = json_object_get(object, key);
    *time = json_number_value(value);
    return json_is_number(value) && isfinite(*time) && *time >= 0 && *time <= MS_MAX;
}

static bool take_layers(const json_t *layers, struct layer_costs *costs)
{
    if (json_array_size(layers) != (size_t)costs->layers->count)
        return false;
    for (int i = 0; i < costs->layers->count; i++) {
        const json_t *layer = json_array_get(layers, (size_t)i);
        if (!take_time(layer, "int8_ms", &costs->int8_ms[i]) ||
            !take_time(layer, "float_ms", &costs->float_ms[i]))
            return false;
    }
    return true;
}

static bool has_text(const json_t *root, const char *key, const char *text)
{
    const char *value = json_string_value(json_object_get(root, key));
    return value && strcmp(value, text) == 0;
}

int layer_costs_take(struct app *app, const char *path, const json_t *root,
                     struct layer_costs *costs)
{
    const char *kernels = json_string_value(json_object_get(root, "kernels"));
    if (json_integer_value(json_object_get(root, "octet_layer_costs")) != VERSION || !kernels)
        return app_fail(app, "%s: no file of layers' times as --costs writes it", path);
    if (!has_text(root, "model_sha256", costs->model))
        return app_fail(app, "%s: the times are of another model; take another file", path);
    if (json_integer_value(json_object_get(root, "height")) != costs->height ||
        json_integer_value(json_object_get(root, "width")) != costs->width)
        return app_fail(app, "%s: the times are of another input size than %dx%d", path,
                        costs->height, costs->width);
    if (!has_text(root, "float_precision", float_word(costs->bf16)))
        return app_fail(app, "%s: the times are not of --float-precision %s", path,
                        costs->bf16 ? "bf16" : "fp32");
    if (!take_time(root, "conversion_ns", &costs->conversion_ns) ||
        !take_layers(json_object_get(root, "layers"), costs))
        return app_fail(app, "%s: times are missing or are none", path);
    costs->kernels = app_strdup(kernels);
    costs->threads = (int)json_integer_value(json_object_get(root, "threads"));
    return STATUS_DONE;
}

int layer_costs_read(struct app *app, const char *path, struct layer_costs *costs)
{
    json_error_t error;
    FILE *file = fopen(path, "rb");
    if (!file)
        return app_fail_open(app, path);
    json_t *root = json_loadf(file, 0, &error);
    fclose(file);
    if (!root)
        return app_fail(app, "%s: no file of layers' times as --costs writes it", path);
    const int status = layer_costs_take(app, path, root, costs);
    costs->read = true;
    json_decref(root);
    return status;
}
