/* SPDX-License-Identifier: Apache-2.0 */
/* From the unpacked message to the graph. */
#include "compiler/onnx/onnx_model.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/graph/operators.h"

#define OPSET_MIN 11

/* All names of values, sorted, with the value of each: found by bisection, so that hostile names
 * cost no more. */
struct name {
    const char *text;
    int value;
};

struct builder {
    octet_context *ctx;
    struct oct_onnx_model *model;
    const OctOnnx__GraphProto *source;
    struct oct_graph *graph;
    struct name *names;
    size_t name_count;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

/* ---- names ---- */

static size_t count_names(const OctOnnx__GraphProto *source)
{
    size_t count =
        source->n_initializer + source->n_sparse_initializer + source->n_input + source->n_output;
    for (size_t n = 0; n < source->n_node; n++)
        count += source->node[n]->n_input + source->node[n]->n_output;
    return count;
}

static void add_name(struct builder *b, const char *text)
{
    if (text && text[0])
        b->names[b->name_count++] = (struct name){text, -1};
}

static const char *sparse_name(const OctOnnx__SparseTensorProto *tensor)
{
    return tensor->values ? tensor->values->name : NULL;
}

static octet_status collect_names(struct builder *b)
{
    const OctOnnx__GraphProto *source = b->source;
    b->names = oct_calloc(b->ctx, count_names(source), sizeof *b->names);
    if (!b->names)
        return oct_fail_memory(b->ctx, "the graph");
    for (size_t i = 0; i < source->n_initializer; i++)
        add_name(b, source->initializer[i]->name);
    for (size_t i = 0; i < source->n_sparse_initializer; i++)
        add_name(b, sparse_name(source->sparse_initializer[i]));
    for (size_t i = 0; i < source->n_input; i++)
        add_name(b, source->input[i]->name);
    for (size_t i = 0; i < source->n_output; i++)
        add_name(b, source->output[i]->name);
    for (size_t n = 0; n < source->n_node; n++) {
        for (size_t i = 0; i < source->node[n]->n_input; i++)
            add_name(b, source->node[n]->input[i]);
        for (size_t i = 0; i < source->node[n]->n_output; i++)
            add_name(b, source->node[n]->output[i]);
    }
    qsort(b->names, b->name_count, sizeof *b->names, compare_names);
    size_t unique = 0;
    for (size_t i = 0; i < b->name_count; i++)
        if (unique == 0 || strcmp(b->names[unique - 1].text, b->names[i].text) != 0)
            b->names[unique++] = b->names[i];
    b->name_count = unique;
    for (size_t i = 0; i < unique; i++) {
        b->names[i].value = oct_graph_add_value(b->graph, b->names[i].text);
        if (b->names[i].value < 0)
            return oct_fail(b->ctx, OCTET_OUT_OF_MEMORY, "%s: too many values, or out of memory",
                            b->graph->name);
    }
    return OCTET_OK;
}

/* -1 for a name that is left out. */
static int find_value(const struct builder *b, const char *text)
{
    struct name key = {text, -1};
    if (!text || !text[0])
        return -1;
    const struct name *found = bsearch(&key, b->names, b->name_count, sizeof key, compare_names);
    return found ? found->value : -1;
}

/* ---- attributes ---- */

static octet_status convert_tensor(struct builder *b, const OctOnnx__TensorProto *tensor,
                                   struct oct_array *array)
{
    OctOnnx__TensorProto resolved;
    const octet_status status = oct_onnx_resolve(b->model, tensor, &resolved);
    return status ? status
                  : oct_onnx_tensor(b->ctx, b->graph->name, &resolved, &b->graph->arena, array);
}

static octet_status convert_attribute(struct builder *b, const OctOnnx__AttributeProto *source,
                                      struct oct_attribute *target)
{
    *target = (struct oct_attribute){.name = source->name ? source->name : ""};
    switch (source->type) {
    case 1:
        target->kind = OCT_ATTRIBUTE_FLOAT;
        target->number = source->f;
        return OCTET_OK;
    case 2:
        target->kind = OCT_ATTRIBUTE_INT;
        target->integer = source->i;
        return OCTET_OK;
    case 3:
        target->kind = OCT_ATTRIBUTE_STRING;
        target->text = oct_arena_strndup(
            &b->graph->arena, source->s.len ? (const char *)source->s.data : "", source->s.len);
        return target->text ? OCTET_OK : oct_fail_memory(b->ctx, "the graph");
    case 4:
        target->kind = source->t ? OCT_ATTRIBUTE_ARRAY : OCT_ATTRIBUTE_OTHER;
        target->integer = source->t ? source->t->data_type : 0;
        return source->t ? convert_tensor(b, source->t, &target->array) : OCTET_OK;
    case 6:
        target->kind = OCT_ATTRIBUTE_FLOATS;
        target->numbers = source->floats;
        target->count = source->n_floats;
        return OCTET_OK;
    case 7:
        target->kind = OCT_ATTRIBUTE_INTS;
        target->integers = source->ints;
        target->count = source->n_ints;
        return OCTET_OK;
    default:
        return OCTET_OK;
    }
}

/* ---- Constant nodes become values with data ---- */

/* A number or a list in an attribute of Constant, as an array. */
static octet_status listed_constant(struct builder *b, const struct oct_attribute *attribute,
                                    struct oct_array *array)
{
    bool list = attribute->kind == OCT_ATTRIBUTE_INTS || attribute->kind == OCT_ATTRIBUTE_FLOATS;
    bool floats = attribute->kind == OCT_ATTRIBUTE_FLOAT || attribute->kind == OCT_ATTRIBUTE_FLOATS;
    int64_t count = list ? (int64_t)attribute->count : 1;
    if (!oct_array_shape(array, floats ? OCT_DATA_FLOAT : OCT_DATA_INT, list ? 1 : 0, &count))
        return oct_fail(b->ctx, OCTET_BAD_FORMAT, "%s: a constant is too large", b->graph->name);
    array->data = oct_arena_calloc(&b->graph->arena, array->count, oct_array_element_bytes(array));
    if (!array->data)
        return oct_fail_memory(b->ctx, "constants");
    for (size_t i = 0; i < array->count; i++) {
        if (floats)
            oct_floats(array)[i] = list ? attribute->numbers[i] : attribute->number;
        else
            oct_ints(array)[i] = list ? attribute->integers[i] : attribute->integer;
    }
    return OCTET_OK;
}

static octet_status set_constant(struct builder *b, const struct oct_node *node)
{
    static const struct {
        const char *name;
        enum oct_attribute_kind kind;
    } forms[] = {{"value", OCT_ATTRIBUTE_ARRAY},
                 {"value_int", OCT_ATTRIBUTE_INT},
                 {"value_ints", OCT_ATTRIBUTE_INTS},
                 {"value_float", OCT_ATTRIBUTE_FLOAT},
                 {"value_floats", OCT_ATTRIBUTE_FLOATS}};
    struct oct_graph *graph = b->graph;
    if (node->output_count != 1 || node->outputs[0] < 0)
        return oct_node_fail(graph, node, OCTET_BAD_FORMAT, "it does not have one output");
    struct oct_value *value = &graph->values[node->outputs[0]];
    if (value->array.data || value->is_input)
        return oct_node_fail(graph, node, OCTET_BAD_FORMAT, "its output is produced twice");
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        const struct oct_attribute *attribute =
            oct_node_attribute(node, forms[i].name, forms[i].kind);
        if (attribute && forms[i].kind == OCT_ATTRIBUTE_ARRAY) {
            value->array = attribute->array;
            value->file_type = (int32_t)attribute->integer;
            return OCTET_OK;
        }
        if (attribute)
            return listed_constant(b, attribute, &value->array);
    }
    for (int i = 0; i < node->attribute_count; i++) /* what else a Constant can hold */
        value->file_type =
            strncmp(node->attributes[i].name, "sparse", 6) == 0 ? OCT_ONNX_SPARSE : OCT_ONNX_STRING;
    return OCTET_OK;
}

/* ---- nodes ---- */

static octet_status link_values(struct builder *b, char **names, size_t count, int **values)
{
    *values = oct_graph_indices(b->graph, count);
    if (!*values)
        return oct_fail_memory(b->ctx, "the graph");
    for (size_t i = 0; i < count; i++)
        (*values)[i] = find_value(b, names[i]);
    return OCTET_OK;
}

static octet_status name_operator(struct builder *b, const OctOnnx__NodeProto *source,
                                  struct oct_node *node)
{
    const char *domain = source->domain ? source->domain : "",
               *type = source->op_type ? source->op_type : "";
    bool standard = !domain[0] || strcmp(domain, "ai.onnx") == 0;
    node->op = standard ? oct_operator_find(type) : OCT_OP_OTHER;
    node->op_name =
        standard ? type : oct_arena_printf(&b->graph->arena, "%.60s.%.60s", domain, type);
    node->name = source->name ? source->name : "";
    return node->op_name ? OCTET_OK : oct_fail_memory(b->ctx, "the graph");
}

static octet_status convert_node(struct builder *b, size_t place)
{
    const OctOnnx__NodeProto *source = b->source->node[place];
    struct oct_node node = {.input_count = (int)source->n_input,
                            .output_count = (int)source->n_output,
                            .attribute_count = (int)source->n_attribute};
    if (source->n_input > OCT_VALUES_MAX || source->n_output > OCT_VALUES_MAX ||
        source->n_attribute > OCT_VALUES_MAX)
        return oct_fail(b->ctx, OCTET_BAD_FORMAT, "%s: a node has too many inputs or outputs",
                        b->graph->name);
    octet_status status = name_operator(b, source, &node);
    if (!status)
        status = link_values(b, source->input, source->n_input, &node.inputs);
    if (!status)
        status = link_values(b, source->output, source->n_output, &node.outputs);
    if (!status)
        status = oct_provenance_add(b->graph, place, &node);
    if (status)
        return status;
    struct oct_attribute *attributes =
        oct_arena_calloc(&b->graph->arena, source->n_attribute, sizeof *attributes);
    if (!attributes)
        return oct_fail_memory(b->ctx, "the graph");
    node.attributes = attributes;
    for (size_t i = 0; i < source->n_attribute; i++) {
        status = convert_attribute(b, source->attribute[i], &attributes[i]);
        if (status)
            return status;
    }
    if (strcmp(node.op_name, "Constant") == 0) {
        status = set_constant(b, &node);
        if (status || b->graph->values[node.outputs[0]].file_type ||
            b->graph->values[node.outputs[0]].array.data)
            return status;
    }
    if (oct_graph_add_node(b->graph, &node) < 0)
        return oct_fail(b->ctx, OCTET_OUT_OF_MEMORY, "%s: too many nodes, or out of memory",
                        b->graph->name);
    return OCTET_OK;
}

/* ---- the graph ---- */

static octet_status convert_initializers(struct builder *b)
{
    for (size_t i = 0; i < b->source->n_initializer; i++) {
        const OctOnnx__TensorProto *tensor = b->source->initializer[i];
        int value = find_value(b, tensor->name);
        if (value < 0)
            continue;
        if (b->graph->values[value].array.data)
            return oct_fail(b->ctx, OCTET_BAD_FORMAT, "%s: there are two initializers '%.200s'",
                            b->graph->name, tensor->name);
        octet_status status = convert_tensor(b, tensor, &b->graph->values[value].array);
        if (status)
            return status;
        b->graph->values[value].file_type = tensor->data_type;
    }
    for (size_t i = 0; i < b->source->n_sparse_initializer; i++) {
        int value = find_value(b, sparse_name(b->source->sparse_initializer[i]));
        if (value >= 0)
            b->graph->values[value].file_type = OCT_ONNX_SPARSE;
    }
    return OCTET_OK;
}

/* Names the type of what a node reads where octet does not compute with that. */
static octet_status check_types(const struct builder *b)
{
    const struct oct_graph *graph = b->graph;
    for (size_t n = 0; n < graph->node_count; n++) {
        const struct oct_node *node = &graph->nodes[n];
        for (int i = 0; i < node->input_count; i++) {
            const struct oct_value *value =
                node->inputs[i] >= 0 ? &graph->values[node->inputs[i]] : NULL;
            if (!value || !value->file_type || value->array.data)
                continue;
            return oct_node_fail(
                graph, node, OCTET_UNSUPPORTED_MODEL,
                "its input '%.200s' is of %s%s, which octet does not read: %s", value->name,
                oct_onnx_computes_with(value->file_type) ? "more than 8 dimensions, type "
                                                         : "type ",
                oct_onnx_type_name(value->file_type),
                value->file_type == OCT_ONNX_STRING ? "export the model without it"
                                                    : "export the model in float32");
        }
    }
    return OCTET_OK;
}

/* Inputs and outputs; initializers may be listed among the inputs and are none. */
static octet_status convert_ports(struct builder *b)
{
    struct oct_graph *graph = b->graph;
    graph->inputs = oct_graph_indices(graph, b->source->n_input);
    graph->outputs = oct_graph_indices(graph, b->source->n_output);
    if (!graph->inputs || !graph->outputs)
        return oct_fail_memory(b->ctx, "the graph");
    for (size_t i = 0; i < b->source->n_input; i++) {
        int value = find_value(b, b->source->input[i]->name);
        if (value < 0 || graph->values[value].array.data || graph->values[value].is_input)
            continue;
        graph->values[value].is_input = true;
        graph->inputs[graph->input_count++] = value;
    }
    for (size_t i = 0; i < b->source->n_output; i++) {
        int value = find_value(b, b->source->output[i]->name);
        if (value >= 0)
            graph->outputs[graph->output_count++] = value;
    }
    if (!graph->input_count || !graph->output_count)
        return oct_fail(b->ctx, OCTET_UNSUPPORTED_MODEL, "%s: the graph has no %s", graph->name,
                        graph->input_count ? "output" : "input");
    return OCTET_OK;
}

static octet_status find_opset(struct oct_onnx_model *model)
{
    const OctOnnx__ModelProto *message = model->message;
    int64_t opset = 0;
    for (size_t i = 0; i < message->n_opset_import; i++) {
        const char *domain = message->opset_import[i]->domain;
        if (!domain || !domain[0] || strcmp(domain, "ai.onnx") == 0)
            opset = message->opset_import[i]->version;
    }
    if (opset < OPSET_MIN || opset > 100000)
        return oct_fail(model->ctx, OCTET_UNSUPPORTED_VERSION,
                        "%s: ONNX opset %lld: octet reads %d and up: export with opset %d or newer",
                        model->graph.name, (long long)opset, OPSET_MIN, OPSET_MIN);
    model->graph.opset = (int)opset;
    return OCTET_OK;
}

static octet_status build(struct builder *b)
{
    octet_status status = collect_names(b);
    if (!status)
        status = convert_initializers(b);
    if (!status)
        status = convert_ports(b);
    if (!status)
        status = oct_provenance_begin(b->graph, b->source->n_node);
    for (size_t n = 0; !status && n < b->source->n_node; n++)
        status = convert_node(b, n);
    if (!status)
        status = check_types(b);
    if (!status)
        status = oct_graph_sort(b->graph);
    return status ? status : oct_provenance_order(b->graph);
}

octet_status oct_onnx_build_graph(struct oct_onnx_model *model)
{
    struct builder b = {
        .ctx = model->ctx, .model = model, .source = model->message->graph, .graph = &model->graph};
    if (!b.source || !b.source->n_node)
        return oct_fail(model->ctx, OCTET_BAD_FORMAT, "%s: not an ONNX model: it has no graph",
                        model->graph.name);
    octet_status status = find_opset(model);
    if (!status)
        status = build(&b);
    oct_free(model->ctx, b.names);
    return status;
}
