/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes of an ONNX model that leave it one: bytes changed at random are hardly ever a message,
 * and models have to get through many checks before the passes see them.
 */
#ifndef OCTET_TESTS_FUZZ_ONNX_H
#define OCTET_TESTS_FUZZ_ONNX_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "onnx.pb-c.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

#ifndef OCTET_FUZZ_PLAIN

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);

static unsigned fuzz_draw(unsigned *seed, size_t below)
{
    *seed = *seed * 1664525u + 1013904223u;
    return below ? (*seed >> 8) % (unsigned)below : 0;
}

static void fuzz_set_text(char **text, const char *with)
{
    char *copy = strdup(with ? with : "");
    if (!copy)
        abort();
    if (*text && *text != protobuf_c_empty_string)
        free(*text);
    *text = copy;
}

static int64_t fuzz_number(unsigned *seed, int64_t old)
{
    static const int64_t numbers[] = {0, 1, -1, 2, 3, 4, 8, 16, 1 << 20, INT32_MAX, INT64_MAX};
    const unsigned choice = fuzz_draw(seed, 16);
    return choice < 11 ? numbers[choice] : (int64_t)((uint64_t)old + (choice < 14 ? 1 : -1));
}

static void fuzz_attribute(OctOnnx__GraphProto *graph, unsigned *seed)
{
    OctOnnx__NodeProto *node = graph->node[fuzz_draw(seed, graph->n_node)];
    if (!node->n_attribute)
        return;
    OctOnnx__AttributeProto *attribute = node->attribute[fuzz_draw(seed, node->n_attribute)];
    if (attribute->n_ints) {
        int64_t *number = &attribute->ints[fuzz_draw(seed, attribute->n_ints)];
        *number = fuzz_number(seed, *number);
    } else if (attribute->has_i) {
        attribute->i = fuzz_number(seed, attribute->i);
    } else if (attribute->has_f) {
        attribute->f = (float)fuzz_number(seed, 1) / 4.0f;
    } else if (attribute->has_s && attribute->s.len) {
        LLVMFuzzerMutate(attribute->s.data, attribute->s.len, attribute->s.len);
    }
}

static void fuzz_operator(OctOnnx__GraphProto *graph, unsigned *seed)
{
    static const char *const types[] = {"Add",
                                        "Sub",
                                        "Mul",
                                        "Div",
                                        "Concat",
                                        "Split",
                                        "Slice",
                                        "Reshape",
                                        "Transpose",
                                        "Softmax",
                                        "Sigmoid",
                                        "MaxPool",
                                        "Resize",
                                        "Identity",
                                        "Cast",
                                        "Constant",
                                        "Shape",
                                        "Gather",
                                        "Unsqueeze",
                                        "Pow",
                                        "Exp",
                                        "Relu",
                                        "MatMul",
                                        "Expand",
                                        "Range",
                                        "Tile",
                                        "Where",
                                        "ReduceMean",
                                        "Clip",
                                        "QuantizeLinear",
                                        "DequantizeLinear",
                                        "ConvTranspose",
                                        "Upsample",
                                        "Conv"};
    OctOnnx__NodeProto *node = graph->node[fuzz_draw(seed, graph->n_node)];
    fuzz_set_text(&node->op_type, types[fuzz_draw(seed, sizeof types / sizeof *types)]);
}

static void fuzz_wire(OctOnnx__GraphProto *graph, unsigned *seed)
{
    OctOnnx__NodeProto *to = graph->node[fuzz_draw(seed, graph->n_node)];
    const OctOnnx__NodeProto *from = graph->node[fuzz_draw(seed, graph->n_node)];
    if (!to->n_input)
        return;
    char **input = &to->input[fuzz_draw(seed, to->n_input)];
    if (graph->n_initializer && fuzz_draw(seed, 3) == 0)
        fuzz_set_text(input, graph->initializer[fuzz_draw(seed, graph->n_initializer)]->name);
    else if (from->n_output)
        fuzz_set_text(input, from->output[fuzz_draw(seed, from->n_output)]);
}

static void fuzz_drop(OctOnnx__GraphProto *graph, unsigned *seed)
{
    const unsigned at = fuzz_draw(seed, graph->n_node);
    if (graph->n_node < 2)
        return;
    oct_onnx__node_proto__free_unpacked(graph->node[at], NULL);
    graph->n_node--;
    memmove(&graph->node[at], &graph->node[at + 1], (graph->n_node - at) * sizeof(*graph->node));
}

static void fuzz_tensor(OctOnnx__GraphProto *graph, unsigned *seed)
{
    if (!graph->n_initializer)
        return;
    OctOnnx__TensorProto *tensor = graph->initializer[fuzz_draw(seed, graph->n_initializer)];
    const unsigned choice = fuzz_draw(seed, 6);
    if (choice == 0 && tensor->n_dims) {
        int64_t *side = &tensor->dims[fuzz_draw(seed, tensor->n_dims)];
        *side = fuzz_number(seed, *side);
    } else if (choice == 1) {
        tensor->data_type = (int32_t)fuzz_draw(seed, 17);
    } else if (tensor->has_raw_data && tensor->raw_data.len) {
        LLVMFuzzerMutate(tensor->raw_data.data, tensor->raw_data.len, tensor->raw_data.len);
    }
}

static void fuzz_shape(OctOnnx__GraphProto *graph, unsigned *seed)
{
    if (!graph->n_input || !graph->input[0]->type || !graph->input[0]->type->tensor_type ||
        !graph->input[0]->type->tensor_type->shape)
        return;
    OctOnnx__TensorShapeProto *shape = graph->input[0]->type->tensor_type->shape;
    if (shape->n_dim)
        shape->dim[fuzz_draw(seed, shape->n_dim)]->dim_value = 32 * fuzz_draw(seed, 5);
}

static void fuzz_metadata(OctOnnx__ModelProto *model, unsigned *seed)
{
    if (!model->n_metadata_props)
        return;
    char *value = model->metadata_props[fuzz_draw(seed, model->n_metadata_props)]->value;
    if (value && value[0])
        LLVMFuzzerMutate((uint8_t *)value, strlen(value), strlen(value));
}

static void fuzz_change(OctOnnx__ModelProto *model, unsigned *seed)
{
    static void (*const changes[])(OctOnnx__GraphProto *, unsigned *) = {
        fuzz_attribute, fuzz_attribute, fuzz_operator, fuzz_wire,  fuzz_wire,
        fuzz_drop,      fuzz_tensor,    fuzz_tensor,   fuzz_shape,
    };
    const unsigned choice = fuzz_draw(seed, sizeof changes / sizeof *changes + 2);
    if (choice < sizeof changes / sizeof *changes)
        changes[choice](model->graph, seed);
    else if (model->n_opset_import && fuzz_draw(seed, 2))
        model->opset_import[0]->version = 9 + fuzz_draw(seed, 14);
    else
        fuzz_metadata(model, seed);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    OctOnnx__ModelProto *model = seed % 8 ? oct_onnx__model_proto__unpack(NULL, size, data) : NULL;
    size_t packed = 0;
    if (model && model->graph && model->graph->n_node) {
        fuzz_change(model, &seed);
        packed = oct_onnx__model_proto__get_packed_size(model);
        if (packed <= most)
            oct_onnx__model_proto__pack(model, data);
        else
            packed = 0;
    }
    if (model)
        oct_onnx__model_proto__free_unpacked(model, NULL);
    return packed ? packed : LLVMFuzzerMutate(data, size, most);
}

#endif
#endif
