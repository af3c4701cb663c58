/* SPDX-License-Identifier: Apache-2.0 */
/* ONNX messages put together by hand, and the small detector in all its variants. */
#include "onnx_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"

enum { FLOAT = 1, INT64 = 7 };

/* ---- memory: blocks in a list, freed together ---- */

struct block {
    struct block *next;
    max_align_t bytes[];
};

void *test_onnx_memory(struct test_onnx *onnx, size_t bytes)
{
    struct block *block = calloc(1, sizeof *block + bytes);
    if (!block)
        fail_msg("out of memory");
    block->next = onnx->blocks;
    onnx->blocks = block;
    return block->bytes;
}

static char *copy_text(struct test_onnx *onnx, const char *text, size_t length)
{
    char *copy = test_onnx_memory(onnx, length + 1);
    memcpy(copy, text, length);
    return copy;
}

static char *copy_name(struct test_onnx *onnx, const char *text)
{
    return copy_text(onnx, text, strlen(text));
}

/* Adds a pointer to one of the message's lists. */
static void append(struct test_onnx *onnx, size_t *count, void *list_pointer, void *item)
{
    void **old, **longer = test_onnx_memory(onnx, (*count + 1) * sizeof *longer);
    memcpy(&old, list_pointer, sizeof old);
    if (*count)
        memcpy(longer, old, *count * sizeof *longer);
    longer[(*count)++] = item;
    memcpy(list_pointer, &longer, sizeof longer);
}

const char *test_onnx_text(struct test_onnx *onnx, const char *format, ...)
{
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    assert_in_range(length, 0, sizeof line - 1);
    return copy_name(onnx, line);
}

void test_onnx_free(struct test_onnx *onnx)
{
    for (struct block *block = onnx->blocks, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    onnx->blocks = NULL;
}

/* ---- the message ---- */

void test_onnx_init(struct test_onnx *onnx, int opset)
{
    *onnx = (struct test_onnx){.seed = 1};
    oct_onnx__model_proto__init(&onnx->model);
    OctOnnx__OperatorSetIdProto *set = test_onnx_memory(onnx, sizeof *set);
    oct_onnx__operator_set_id_proto__init(set);
    set->has_version = 1;
    set->version = opset;
    append(onnx, &onnx->model.n_opset_import, &onnx->model.opset_import, set);
    onnx->model.graph = test_onnx_memory(onnx, sizeof *onnx->model.graph);
    oct_onnx__graph_proto__init(onnx->model.graph);
}

static OctOnnx__ValueInfoProto *make_port(struct test_onnx *onnx, const char *name)
{
    OctOnnx__ValueInfoProto *info = test_onnx_memory(onnx, sizeof *info);
    oct_onnx__value_info_proto__init(info);
    info->name = copy_name(onnx, name);
    return info;
}

void test_onnx_input(struct test_onnx *onnx, const char *name, int type, int rank,
                     const int64_t *dims)
{
    OctOnnx__ValueInfoProto *info = make_port(onnx, name);
    info->type = test_onnx_memory(onnx, sizeof *info->type);
    oct_onnx__type_proto__init(info->type);
    OctOnnx__TypeProto__Tensor *tensor = test_onnx_memory(onnx, sizeof *tensor);
    oct_onnx__type_proto__tensor__init(tensor);
    info->type->tensor_type = tensor;
    tensor->has_elem_type = 1;
    tensor->elem_type = type;
    tensor->shape = test_onnx_memory(onnx, sizeof *tensor->shape);
    oct_onnx__tensor_shape_proto__init(tensor->shape);
    for (int i = 0; i < rank; i++) {
        OctOnnx__TensorShapeProto__Dimension *dim = test_onnx_memory(onnx, sizeof *dim);
        oct_onnx__tensor_shape_proto__dimension__init(dim);
        dim->has_dim_value = dims[i] >= 0;
        dim->dim_value = dims[i];
        dim->dim_param = dims[i] >= 0 ? NULL : copy_name(onnx, "open");
        append(onnx, &tensor->shape->n_dim, &tensor->shape->dim, dim);
    }
    append(onnx, &onnx->model.graph->n_input, &onnx->model.graph->input, info);
}

void test_onnx_output(struct test_onnx *onnx, const char *name)
{
    append(onnx, &onnx->model.graph->n_output, &onnx->model.graph->output, make_port(onnx, name));
}

void test_onnx_metadata(struct test_onnx *onnx, const char *key, const char *value)
{
    OctOnnx__StringStringEntryProto *entry = test_onnx_memory(onnx, sizeof *entry);
    oct_onnx__string_string_entry_proto__init(entry);
    entry->key = copy_name(onnx, key);
    entry->value = copy_name(onnx, value);
    append(onnx, &onnx->model.n_metadata_props, &onnx->model.metadata_props, entry);
}

/* ---- initializers ---- */

static OctOnnx__TensorProto *make_tensor(struct test_onnx *onnx, const char *name, int type,
                                         int rank, const int64_t *dims, size_t *count)
{
    OctOnnx__TensorProto *tensor = test_onnx_memory(onnx, sizeof *tensor);
    oct_onnx__tensor_proto__init(tensor);
    tensor->name = copy_name(onnx, name);
    tensor->has_data_type = 1;
    tensor->data_type = type;
    tensor->n_dims = (size_t)rank;
    tensor->dims = test_onnx_memory(onnx, (size_t)rank * sizeof *dims);
    *count = 1;
    for (int i = 0; i < rank; i++) {
        tensor->dims[i] = dims[i];
        *count *= (size_t)dims[i];
    }
    append(onnx, &onnx->model.graph->n_initializer, &onnx->model.graph->initializer, tensor);
    return tensor;
}

OctOnnx__TensorProto *test_onnx_floats(struct test_onnx *onnx, const char *name, int rank,
                                       const int64_t *dims, const float *values, float range)
{
    size_t count;
    OctOnnx__TensorProto *tensor = make_tensor(onnx, name, FLOAT, rank, dims, &count);
    struct test_random random = test_random_of(onnx->seed++);
    tensor->n_float_data = count;
    tensor->float_data = test_onnx_memory(onnx, count * sizeof(float));
    for (size_t i = 0; i < count; i++)
        tensor->float_data[i] = values ? values[i] : test_float(&random, -range, range);
    return tensor;
}

OctOnnx__TensorProto *test_onnx_ints(struct test_onnx *onnx, const char *name, int rank,
                                     const int64_t *dims, const int64_t *values)
{
    size_t count;
    OctOnnx__TensorProto *tensor = make_tensor(onnx, name, INT64, rank, dims, &count);
    tensor->n_int64_data = count;
    tensor->int64_data = test_onnx_memory(onnx, count * sizeof(int64_t));
    memcpy(tensor->int64_data, values, count * sizeof(int64_t));
    return tensor;
}

void test_onnx_list(struct test_onnx *onnx, const char *name, int count, ...)
{
    int64_t values[16], dims[] = {count};
    va_list arguments;
    va_start(arguments, count);
    for (int i = 0; i < count && i < 16; i++)
        values[i] = va_arg(arguments, int);
    va_end(arguments);
    test_onnx_ints(onnx, name, 1, dims, values);
}

/* ---- nodes ---- */

static void append_names(struct test_onnx *onnx, const char *names, size_t *count, char ***list)
{
    for (const char *at = names; *names;) {
        size_t length = strcspn(at, ",");
        append(onnx, count, list, copy_text(onnx, at, length));
        if (!at[length])
            return;
        at += length + 1;
    }
}

OctOnnx__NodeProto *test_onnx_node(struct test_onnx *onnx, const char *op, const char *name,
                                   const char *inputs, const char *outputs)
{
    OctOnnx__NodeProto *node = test_onnx_memory(onnx, sizeof *node);
    oct_onnx__node_proto__init(node);
    node->op_type = copy_name(onnx, op);
    node->name = copy_name(onnx, name);
    append_names(onnx, inputs, &node->n_input, &node->input);
    append_names(onnx, outputs, &node->n_output, &node->output);
    append(onnx, &onnx->model.graph->n_node, &onnx->model.graph->node, node);
    return node;
}

static OctOnnx__AttributeProto *add_attribute(struct test_onnx *onnx, OctOnnx__NodeProto *node,
                                              const char *name, int type)
{
    OctOnnx__AttributeProto *attribute = test_onnx_memory(onnx, sizeof *attribute);
    oct_onnx__attribute_proto__init(attribute);
    attribute->name = copy_name(onnx, name);
    attribute->has_type = 1;
    attribute->type = type;
    append(onnx, &node->n_attribute, &node->attribute, attribute);
    return attribute;
}

void test_onnx_int(struct test_onnx *onnx, OctOnnx__NodeProto *node, const char *name,
                   int64_t value)
{
    OctOnnx__AttributeProto *attribute = add_attribute(onnx, node, name, 2);
    attribute->has_i = 1;
    attribute->i = value;
}

void test_onnx_float(struct test_onnx *onnx, OctOnnx__NodeProto *node, const char *name,
                     float value)
{
    OctOnnx__AttributeProto *attribute = add_attribute(onnx, node, name, 1);
    attribute->has_f = 1;
    attribute->f = value;
}

void test_onnx_string(struct test_onnx *onnx, OctOnnx__NodeProto *node, const char *name,
                      const char *value)
{
    OctOnnx__AttributeProto *attribute = add_attribute(onnx, node, name, 3);
    attribute->has_s = 1;
    attribute->s.len = strlen(value);
    attribute->s.data = (uint8_t *)copy_name(onnx, value);
}

void test_onnx_int_list(struct test_onnx *onnx, OctOnnx__NodeProto *node, const char *name,
                        int count, ...)
{
    OctOnnx__AttributeProto *attribute = add_attribute(onnx, node, name, 7);
    attribute->n_ints = (size_t)count;
    attribute->ints = test_onnx_memory(onnx, (size_t)count * sizeof *attribute->ints);
    va_list arguments;
    va_start(arguments, count);
    for (int i = 0; i < count; i++)
        attribute->ints[i] = va_arg(arguments, int);
    va_end(arguments);
}

OctOnnx__NodeProto *test_onnx_find(struct test_onnx *onnx, const char *name)
{
    for (size_t n = 0; n < onnx->model.graph->n_node; n++)
        if (strcmp(onnx->model.graph->node[n]->name, name) == 0)
            return onnx->model.graph->node[n];
    fail_msg("the test's model has no node '%s'", name);
    return NULL;
}

unsigned char *test_onnx_pack(const struct test_onnx *onnx, size_t *size)
{
    *size = oct_onnx__model_proto__get_packed_size(&onnx->model);
    unsigned char *bytes = malloc(*size ? *size : 1);
    if (!bytes)
        fail_msg("out of memory");
    oct_onnx__model_proto__pack(&onnx->model, bytes);
    return bytes;
}
