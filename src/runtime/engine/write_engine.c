/* SPDX-License-Identifier: Apache-2.0 */
/* Engine files out. The format is described in docs/formats.md. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "network/operations.h"
#include "runtime/container/preprocessing.h"
#include "runtime/container/safetensors.h"
#include "runtime/engine/engine_contents.h"
#include "runtime/engine/nibbles.h"

static void add_integers(struct oct_text *out, const int *values, int count)
{
    for (int i = 0; i < count; i++)
        oct_text_printf(out, "%s%d", i ? "," : "", values[i]);
}

static void add_tensor(struct oct_text *out, const struct oct_tensor *t)
{
    oct_text_printf(out, "{\"name\":");
    oct_json_add_text(out, t->name);
    oct_text_printf(out, ",\"channels\":%d,\"type\":\"%s\"", t->channels, oct_type_name(t->type));
    if (t->kind == OCT_TENSOR_CONCAT) {
        oct_text_printf(out, ",\"concat\":[");
        add_integers(out, t->members, t->member_count);
        oct_text_add(out, "]", 1);
    } else if (t->kind == OCT_TENSOR_SLICE) {
        oct_text_printf(out, ",\"slice\":[%d,%d]", t->parent, t->offset);
    } else if (t->type == OCT_TYPE_U8) {
        oct_text_printf(out, ",\"scale\":");
        oct_json_add_real(out, (double)t->quantization.scale);
        oct_text_printf(out, ",\"zero_point\":%d", t->quantization.zero_point);
    }
    oct_text_add(out, "}", 1);
}

static void add_window(struct oct_text *out, const struct oct_layer *layer, int version)
{
    const struct oct_activation_row *activation = oct_activation_row(layer->activation);
    oct_text_printf(out, ",\"stride\":%d,\"padding\":%d", layer->stride, layer->padding);
    if (version < OCT_ENGINE_VERSION_ACTIVATIONS) {
        oct_text_printf(out, ",\"silu\":%s", layer->activation ? "true" : "false");
        return;
    }
    oct_text_printf(out, ",\"groups\":%d,\"activation\":\"%s\"",
                    oct_is_depthwise(layer) ? layer->groups : 1, activation->name);
    if (!activation->has_slope)
        return;
    oct_text_printf(out, ",\"slope\":");
    oct_json_add_real(out, (double)layer->slope);
}

static void add_layer(struct oct_text *out, const struct oct_layer *layer, int version)
{
    const struct oct_operation_row *row = oct_operation_row(layer->operation);
    oct_text_printf(out, "{\"name\":");
    oct_json_add_text(out, layer->name);
    oct_text_printf(out, ",\"op\":\"%s\",\"input\":%d,\"output\":%d", row->name, layer->input,
                    layer->output);
    if (row->has & OCT_HAS_KERNEL)
        oct_text_printf(out, ",\"kernel\":%d", layer->kernel);
    if (row->has & OCT_HAS_WINDOW)
        add_window(out, layer, version);
    if (row->has & OCT_HAS_PADDING)
        oct_text_printf(out, ",\"stride\":%d,\"padding\":%d", layer->stride, layer->padding);
    if (layer->uneven)
        oct_text_printf(out, ",\"uneven\":%d", layer->uneven);
    if (row->has & OCT_HAS_ZEROS)
        oct_text_printf(out, ",\"zeros\":%s", layer->zeros ? "true" : "false");
    if (layer->code_bits == 4)
        oct_text_printf(out, ",\"bits\":4");
    if (layer->residual >= 0)
        oct_text_printf(out, ",\"residual\":%d", layer->residual);
    if (row->has & OCT_HAS_HEADS) {
        oct_text_printf(out, ",\"heads\":%d,\"areas\":%d,\"factor\":", layer->heads, layer->areas);
        oct_json_add_real(out, (double)layer->factor);
    }
    oct_text_add(out, "}", 1);
}

/* Nothing where the model brings none. */
static void add_selection(struct oct_text *out, const struct oct_selection *selection)
{
    if (!selection->is_own)
        return;
    oct_text_printf(out, ",\"selection\":{\"confidence\":");
    oct_json_add_real(out, selection->confidence);
    oct_text_printf(out, ",\"iou\":");
    oct_json_add_real(out, selection->iou);
    oct_text_printf(out,
                    ",\"max_detections\":%d,\"max_per_class\":%d,\"multi_label\":%s,"
                    "\"class_agnostic\":%s}",
                    selection->max_detections, selection->max_per_class,
                    selection->multi_label ? "true" : "false",
                    selection->class_agnostic ? "true" : "false");
}

/* The codings of one set: of the tensors that have one of their own, but for the picture. */
static void add_set(struct oct_text *out, const struct oct_network *network)
{
    for (int list = 0; list < 2; list++) {
        bool first = true;
        oct_text_printf(out, "%s", list ? "],\"zero_points\":[" : "{\"scales\":[");
        for (int i = 0; i < network->tensor_count; i++) {
            const struct oct_tensor *t = &network->tensors[i];
            if (t->kind != OCT_TENSOR_LAYER || t->type != OCT_TYPE_U8)
                continue;
            oct_text_add(out, ",", !first);
            first = false;
            if (list)
                oct_text_printf(out, "%d", t->quantization.zero_point);
            else
                oct_json_add_real(out, (double)t->quantization.scale);
        }
    }
    oct_text_printf(out, "]}");
}

static void add_sets(struct oct_text *out, const octet_engine *engine)
{
    if (engine->set_count < 2)
        return;
    oct_text_printf(out, ",\"sets\":[");
    for (int set = 1; set < engine->set_count; set++) {
        oct_text_add(out, ",", set > 1);
        add_set(out, oct_engine_network(engine, set));
    }
    oct_text_printf(out, "],\"sizes\":[");
    for (int i = 0; i < engine->size_count; i++)
        oct_text_printf(out, "%s{\"height\":%d,\"width\":%d,\"set\":%d}", i ? "," : "",
                        engine->sizes[i].height, engine->sizes[i].width, engine->sizes[i].set);
    oct_text_printf(out, "]");
}

static void add_plan(struct oct_text *out, const octet_engine *engine, int version)
{
    const struct oct_network *network = &engine->network;
    oct_text_printf(out, "{\"classes\":[");
    for (int i = 0; i < network->head.class_count; i++) {
        oct_text_add(out, ",", i > 0);
        oct_json_add_text(out, network->class_names[i]);
    }
    oct_text_add(out, "]", 1);
    if (network->head.kind->engine_version >= OCT_ENGINE_VERSION_HEADS)
        oct_text_printf(out, ",\"head\":\"%s\"", network->head.kind->word);
    network->head.kind->add_parameters(&network->head, out);
    oct_text_printf(out, ",\"input\":{\"height\":%d,\"width\":%d,\"fixed\":%s},",
                    network->input_height, network->input_width,
                    network->size_is_fixed ? "true" : "false");
    oct_preprocessing_add(out, NULL);
    oct_text_printf(out, ",\"tensors\":[");
    for (int i = 0; i < network->tensor_count; i++) {
        oct_text_add(out, ",", i > 0);
        add_tensor(out, &network->tensors[i]);
    }
    oct_text_printf(out, "],\"layers\":[");
    for (int i = 0; i < network->layer_count; i++) {
        oct_text_add(out, ",", i > 0);
        add_layer(out, &network->layers[i], version);
    }
    oct_text_add(out, "]", 1);
    network->head.kind->add_outputs(&network->head, out);
    add_selection(out, &network->head.selection);
    add_sets(out, engine);
    oct_text_add(out, "}", 1);
}

static void add_provenance(struct oct_text *out, const octet_engine *engine)
{
    oct_text_add(out, "{", 1);
    for (int i = 0; i < engine->provenance_count; i++) {
        oct_text_add(out, ",", i > 0);
        oct_json_add_text(out, engine->provenance_keys[i]);
        oct_text_add(out, ":", 1);
        oct_json_add_text(out, engine->provenance_values[i]);
    }
    oct_text_add(out, "}", 1);
}

static void add_table(const struct oct_layer *layer, int index, struct oct_safetensors *file,
                      char name[40])
{
    const size_t count = OCT_TABLE_ENTRIES;
    snprintf(name, 40, "layer.%03d.table", index);
    file->tensors[file->tensor_count++] = (struct oct_safetensors_tensor){
        name, OCT_SAFETENSORS_F32, 1, {count}, count * 4, (const uint8_t *)layer->table};
}

/* Codes of 4 bits, as one row of bytes. False: memory is short. */
static bool add_packed(const struct oct_layer *layer, size_t count, struct oct_arena *arena,
                       struct oct_safetensors_tensor *tensor)
{
    const size_t size = oct_nibble_bytes(count);
    uint8_t *bytes = oct_arena_calloc(arena, size, 1);
    if (bytes)
        oct_pack_nibbles(layer->codes, count, bytes);
    *tensor =
        (struct oct_safetensors_tensor){tensor->name, OCT_SAFETENSORS_U8, 1, {size}, size, bytes};
    return bytes != NULL;
}

/* A row of floats, one for each output channel. */
static void add_row(struct oct_safetensors *file, const char *name, const float *values,
                    size_t outputs)
{
    file->tensors[file->tensor_count++] = (struct oct_safetensors_tensor){
        name, OCT_SAFETENSORS_F32, 1, {outputs}, outputs * 4, (const uint8_t *)values};
}

/* The tensors of one convolution. False: memory is short. */
static bool add_weights(const struct oct_network *network, int index, struct oct_arena *arena,
                        struct oct_safetensors *file, char (*name)[40])
{
    const struct oct_layer *layer = &network->layers[index];
    const size_t outputs = (size_t)network->tensors[layer->output].channels;
    const size_t kernel = (size_t)layer->kernel;
    const size_t weights = (size_t)oct_layer_weights(network, layer);
    snprintf(name[0], sizeof name[0], "layer.%03d.bias", index);
    add_row(file, name[0], layer->bias, outputs);
    if (layer->codes) {
        snprintf(name[1], sizeof name[1], "layer.%03d.scale", index);
        add_row(file, name[1], layer->scale, outputs);
    }
    struct oct_safetensors_tensor *t = &file->tensors[file->tensor_count++];
    snprintf(name[2], sizeof name[2], "layer.%03d.weight", index);
    const enum oct_safetensors_type type = layer->codes  ? OCT_SAFETENSORS_I8
                                           : layer->bf16 ? OCT_SAFETENSORS_BF16
                                                         : OCT_SAFETENSORS_F32;
    *t = (struct oct_safetensors_tensor){
        name[2],
        type,
        4,
        {outputs, (size_t)oct_layer_depth(network, layer), kernel, kernel},
        weights * oct_safetensors_element_bytes(type),
        layer->codes  ? (const uint8_t *)layer->codes
        : layer->bf16 ? (const uint8_t *)layer->bf16
                      : (const uint8_t *)layer->values};
    return layer->code_bits != 4 || add_packed(layer, weights, arena, t);
}

/* What a set of scales has of convolutions with codes: `names` has two for each layer. */
static void add_factors(const struct oct_network *network, int set, struct oct_safetensors *file,
                        char (*names)[40])
{
    for (int i = 0; i < network->layer_count; i++) {
        const struct oct_layer *layer = &network->layers[i];
        const size_t outputs = (size_t)network->tensors[layer->output].channels;
        char(*name)[40] = names + 2 * (size_t)i;
        if (!layer->codes)
            continue;
        snprintf(name[0], sizeof name[0], "set.%02d.layer.%03d.bias", set, i);
        add_row(file, name[0], layer->bias, outputs);
        snprintf(name[1], sizeof name[1], "set.%02d.layer.%03d.scale", set, i);
        add_row(file, name[1], layer->scale, outputs);
    }
}

static int layer_version(const struct oct_layer *layer)
{
    const int since = oct_operation_row(layer->operation)->since;
    if (layer->code_bits == 4)
        return OCT_ENGINE_VERSION_BITS;
    if (since < OCT_ENGINE_VERSION_UNEVEN && layer->uneven)
        return OCT_ENGINE_VERSION_UNEVEN;
    if (since < OCT_ENGINE_VERSION_ACTIVATIONS &&
        (oct_is_depthwise(layer) || layer->activation > OCT_ACTIVATION_SILU))
        return OCT_ENGINE_VERSION_ACTIVATIONS;
    return since;
}

/* The oldest version that has what the engine needs. */
static int version_of(const octet_engine *engine)
{
    const struct oct_network *network = &engine->network;
    int version = network->head.kind->engine_version;
    if (engine->set_count > 1)
        return OCT_ENGINE_VERSION_SETS;
    for (int i = 0; i < network->tensor_count; i++)
        if (network->tensors[i].type == OCT_TYPE_BF16 && version < OCT_ENGINE_VERSION_BF16)
            version = OCT_ENGINE_VERSION_BF16;
    for (int i = 0; i < network->layer_count; i++) {
        const int since = layer_version(&network->layers[i]);
        version = since > version ? since : version;
    }
    return version;
}

/* Where an engine goes: to a file, or into memory. */
struct destination {
    const char *name; /* for messages; the file's path */
    uint8_t **bytes;  /* NULL: to the file */
    size_t *size;
};

static octet_status put_file(octet_context *ctx, const octet_engine *engine,
                             const struct destination *to, const char *plan_text,
                             const char *provenance_text)
{
    const struct oct_network *network = &engine->network;
    struct oct_arena arena;
    oct_arena_init(&arena, ctx);
    char version[16];
    snprintf(version, sizeof version, "%d", version_of(engine));
    const char *keys[] = {"octet.kind", "octet.version", "octet.description", "octet.plan",
                          "octet.provenance"};
    const char *values[] = {"engine", version, network->description, plan_text, provenance_text};
    struct oct_safetensors file = {.metadata_count = 5, .keys = keys, .values = values};
    const size_t layers = (size_t)network->layer_count;
    const size_t count = layers * (size_t)(3 + 2 * (engine->set_count - 1));
    file.tensors = oct_arena_calloc(&arena, count, sizeof *file.tensors);
    char(*names)[40] = oct_arena_calloc(&arena, count, sizeof *names);
    octet_status status = OCTET_OK;
    if (!file.tensors || !names)
        status = oct_fail_memory(ctx, to->name);
    for (int i = 0; i < network->layer_count && !status; i++)
        if (oct_operation_row(network->layers[i].operation)->has & OCT_HAS_WEIGHTS)
            status = add_weights(network, i, &arena, &file, names + 3 * i)
                         ? OCTET_OK
                         : oct_fail_memory(ctx, to->name);
        else if (oct_operation_row(network->layers[i].operation)->has & OCT_HAS_TABLE)
            add_table(&network->layers[i], i, &file, names[3 * i]);
    for (int set = 1; set < engine->set_count && !status; set++)
        add_factors(oct_engine_network(engine, set), set, &file,
                    names + layers * (size_t)(3 + 2 * (set - 1)));
    if (!status)
        status = to->bytes ? oct_safetensors_pack(ctx, to->name, &file, oct_engine_look, to->bytes,
                                                  to->size)
                           : oct_safetensors_write(ctx, to->name, &file, oct_engine_look);
    oct_arena_clear(&arena);
    return status;
}

static octet_status put_engine(octet_context *ctx, const octet_engine *engine,
                               const struct destination *to)
{
    struct oct_text network, provenance;
    oct_text_init(&network, ctx);
    oct_text_init(&provenance, ctx);
    add_plan(&network, engine, version_of(engine));
    add_provenance(&provenance, engine);
    const octet_status status = network.failed || provenance.failed
                                    ? oct_fail_memory(ctx, to->name)
                                    : put_file(ctx, engine, to, network.bytes, provenance.bytes);
    oct_text_free(&network);
    oct_text_free(&provenance);
    return status;
}

octet_status oct_engine_write(octet_context *ctx, const octet_engine *engine, const char *path)
{
    return put_engine(ctx, engine, &(struct destination){.name = path});
}

octet_status oct_engine_pack(octet_context *ctx, const octet_engine *engine, uint8_t **bytes,
                             size_t *size)
{
    *bytes = NULL;
    *size = 0;
    return put_engine(ctx, engine, &(struct destination){"the engine", bytes, size});
}
