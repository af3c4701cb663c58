/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arithmetic of integers. QLinearConv and its like become float operators between grids. Where
 * scales are found at run time (DynamicQuantizeLinear), the values pass as they are with a scale of
 * 1, and ConvInteger is a float convolution of whole-numbered weights, which fuse_affine scales.
 */
#include <string.h>

#include "compiler/passes/quantized_reading.h"

/* A constant of one number that the graph has not yet. */
static octet_status set_scalar(struct oct_graph *graph, int value, enum oct_data_type type)
{
    struct oct_array array;
    oct_array_shape(&array, type, 0, NULL);
    array.data = oct_arena_calloc(&graph->arena, 1, oct_array_element_bytes(&array));
    if (!array.data)
        return oct_fail_memory(graph->ctx, "the graph");
    if (type == OCT_DATA_FLOAT)
        oct_floats(&array)[0] = 1.0f;
    graph->values[value].array = array;
    graph->values[value].file_type = type == OCT_DATA_FLOAT ? OCT_ONNX_FLOAT : OCT_ONNX_UINT8;
    return OCTET_OK;
}

static const float one = 1.0f;

octet_status oct_read_dynamic_quantize(struct oct_quantization_reading *r, struct oct_node *node)
{
    const struct oct_quantization_parameters p = {
        .scales = &one, .count = 1, .file_type = OCT_ONNX_UINT8};
    octet_status status = OCTET_OK;
    if (node->output_count > 1 && node->outputs[1] >= 0)
        status = set_scalar(r->graph, node->outputs[1], OCT_DATA_FLOAT);
    if (!status && node->output_count > 2 && node->outputs[2] >= 0)
        status = set_scalar(r->graph, node->outputs[2], OCT_DATA_INT);
    node->op = OCT_OP_IDENTITY;
    node->output_count = 1;
    r->import->imported->is_dynamic = 1;
    oct_quantization_mark(r, node->outputs[0], &p);
    return status;
}

/* New inputs of a node that becomes a Conv. */
static octet_status become_conv(struct oct_graph *graph, struct oct_node *node, const int *values,
                                int count)
{
    int *inputs = oct_graph_indices(graph, (size_t)count);
    if (!inputs)
        return oct_fail_memory(graph->ctx, "the graph");
    for (int i = 0; i < count; i++)
        inputs[i] = values[i];
    node->inputs = inputs;
    node->input_count = count;
    node->op = OCT_OP_CONV;
    return OCTET_OK;
}

octet_status oct_read_conv_integer(struct oct_quantization_reading *r, struct oct_node *node)
{
    struct oct_graph *graph = r->graph;
    const int x = node->inputs[0], w = node->inputs[1];
    const struct oct_node *source = oct_graph_producer(graph, x);
    const int x_zero = node->input_count > 2 ? node->inputs[2] : -1;
    if (!source || strcmp(source->op_name, "DynamicQuantizeLinear") != 0 || x_zero < 0 ||
        oct_graph_producer(graph, x_zero) != source || !oct_value_is_constant(graph, w) ||
        graph->values[w].array.type != OCT_DATA_INT)
        return oct_node_fail(graph, node, OCTET_UNSUPPORTED_MODEL,
                             "octet reads it behind DynamicQuantizeLinear and with that node's "
                             "zero point, with constant weights");
    struct oct_quantization_parameters p = {.scales = &one, .count = 1};
    const int zero = node->input_count > 3 ? node->inputs[3] : -1;
    if (zero >= 0) {
        const struct oct_array *zeros = &graph->values[zero].array;
        if (!zeros->data || zeros->type != OCT_DATA_INT || zeros->count != 1)
            return oct_node_fail(graph, node, OCTET_UNSUPPORTED_MODEL,
                                 "the zero point of its weights is not one constant");
        p.zeros = oct_ints(zeros);
    }
    const int weights = oct_graph_add_value(graph, graph->values[w].name);
    if (weights < 0)
        return oct_fail_memory(graph->ctx, "the graph");
    octet_status status = oct_quantization_constant(r, node, &p, w, weights);
    return status ? status : become_conv(graph, node, (const int[]){x, weights}, 2);
}

/* B, in units of the product of scales, as values. */
static octet_status convert_bias(const struct oct_quantization_reading *r,
                                 const struct oct_node *node,
                                 const struct oct_quantization_parameters *x,
                                 const struct oct_quantization_parameters *w, int *bias)
{
    struct oct_graph *graph = r->graph;
    *bias = -1;
    if (node->input_count < 9 || node->inputs[8] < 0)
        return OCTET_OK;
    const struct oct_array from = graph->values[node->inputs[8]].array;
    if (!from.data || from.type != OCT_DATA_INT || (w->count != 1 && w->count != from.count))
        return oct_node_fail(graph, node, OCTET_UNSUPPORTED_MODEL, "its bias is not constant");
    struct oct_array to = from;
    to.type = OCT_DATA_FLOAT;
    to.data = oct_arena_calloc(&graph->arena, from.count, sizeof(float));
    *bias = oct_graph_add_value(graph, graph->values[node->inputs[8]].name);
    if (!to.data || *bias < 0)
        return oct_fail_memory(graph->ctx, "the graph");
    for (size_t i = 0; i < from.count; i++)
        oct_floats(&to)[i] =
            (float)oct_ints(&from)[i] * (x->scales[0] * w->scales[w->count == 1 ? 0 : i]);
    graph->values[*bias].array = to;
    return OCTET_OK;
}

/* Its output is put on the output's grid by a node of its own. */
static octet_status add_grid(const struct oct_quantization_reading *r, size_t n,
                             struct oct_quantization grid)
{
    struct oct_graph *graph = r->graph;
    const int output = graph->nodes[n].outputs[0];
    const int sum = oct_graph_add_value(graph, graph->values[output].name);
    int *ends = oct_graph_indices(graph, 3);
    if (sum < 0 || !ends)
        return oct_fail_memory(graph->ctx, "the graph");
    ends[0] = ends[2] = sum;
    ends[1] = output;
    graph->nodes[n].outputs = ends + 2;
    const struct oct_node fake = {.op = OCT_OP_FAKE_QUANTIZE,
                                  .op_name = "QuantizeLinear",
                                  .name = graph->nodes[n].name,
                                  .input_count = 1,
                                  .output_count = 1,
                                  .inputs = ends,
                                  .outputs = ends + 1,
                                  .part_count = graph->nodes[n].part_count,
                                  .parts = graph->nodes[n].parts,
                                  .grid = grid};
    return oct_graph_add_node(graph, &fake) < 0 ? oct_fail_memory(graph->ctx, "the graph")
                                                : OCTET_OK;
}

octet_status oct_read_qlinear_conv(struct oct_quantization_reading *r, struct oct_node *node)
{
    struct oct_graph *graph = r->graph;
    const size_t n = (size_t)(node - graph->nodes);
    const int x = node->inputs[0], w = node->inputs[3];
    struct oct_quantization_parameters px, pw, py;
    struct oct_quantization input, output;
    octet_status status = oct_quantization_read(r, node, 1, &px);
    if (!status)
        status = oct_quantization_read(r, node, 4, &pw);
    if (!status)
        status = oct_quantization_read(r, node, 6, &py);
    if (status)
        return status;
    pw.axis = 0;
    if (!oct_quantization_grid(&px, &input) || !oct_quantization_grid(&py, &output) ||
        !oct_quantization_is_on(r, x, input) || !oct_value_is_constant(graph, w) ||
        graph->values[w].array.type != OCT_DATA_INT)
        return oct_node_fail(graph, node, OCTET_UNSUPPORTED_MODEL,
                             "its scales are not those of its input, or its weights not constant");
    int bias;
    status = convert_bias(r, node, &px, &pw, &bias);
    const int weights = status ? -1 : oct_graph_add_value(graph, graph->values[w].name);
    if (!status && weights < 0)
        status = oct_fail_memory(graph->ctx, "the graph");
    if (!status)
        status = oct_quantization_constant(r, node, &pw, w, weights);
    if (!status)
        status = become_conv(graph, node, (const int[]){x, weights, bias}, bias < 0 ? 2 : 3);
    oct_quantization_mark(r, node->outputs[0], &py);
    return status ? status : add_grid(r, n, output); /* moves the nodes: `node` is gone */
}

/* ---- ONNX Runtime's own ---- */

/* Where the data and the scales stand among the inputs; a zero point follows each scale. */
struct qlinear_form {
    const char *op;
    enum oct_operator becomes;
    int data[2], data_count; /* each with its scale behind it; 0: triples from input 2 on */
    int output_scale;
};

static const struct qlinear_form *form_of(const struct oct_node *node)
{
    static const struct qlinear_form forms[] = {
        {"com.microsoft.QLinearSigmoid", OCT_OP_SIGMOID, {0, 0}, 1, 3},
        {"com.microsoft.QLinearSoftmax", OCT_OP_SOFTMAX, {0, 0}, 1, 3},
        {"com.microsoft.QLinearMul", OCT_OP_MUL, {0, 3}, 2, 6},
        {"com.microsoft.QLinearAdd", OCT_OP_ADD, {0, 3}, 2, 6},
        {"com.microsoft.QLinearConcat", OCT_OP_CONCAT, {0, 0}, 0, 0},
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (strcmp(node->op_name, forms[i].op) == 0)
            return &forms[i];
    return NULL;
}

/* The values behind input `index`, whose scale comes next: known ones, or a constant. */
static octet_status read_operand(const struct oct_quantization_reading *r,
                                 const struct oct_node *node, int index, int *value)
{
    struct oct_graph *graph = r->graph;
    struct oct_quantization_parameters p;
    struct oct_quantization grid;
    *value = index < node->input_count ? node->inputs[index] : -1;
    if (*value < 0)
        return oct_node_fail(graph, node, OCTET_BAD_FORMAT, "it has too few inputs");
    octet_status status = oct_quantization_read(r, node, index + 1, &p);
    if (status)
        return status;
    if (oct_value_is_constant(graph, *value) && graph->values[*value].array.type == OCT_DATA_INT) {
        const int constant = oct_graph_add_value(graph, graph->values[*value].name);
        if (constant < 0)
            return oct_fail_memory(graph->ctx, "the graph");
        status = oct_quantization_constant(r, node, &p, *value, constant);
        *value = constant;
        return status;
    }
    if (!oct_quantization_grid(&p, &grid) || !oct_quantization_is_on(r, *value, grid))
        return oct_node_fail(graph, node, OCTET_UNSUPPORTED_MODEL,
                             "its scales are not those of its inputs");
    return OCTET_OK;
}

octet_status oct_read_qlinear(struct oct_quantization_reading *r, struct oct_node *node)
{
    const struct qlinear_form *form = form_of(node);
    const size_t n = (size_t)(node - r->graph->nodes);
    const int count = form->data_count ? form->data_count : (node->input_count - 2) / 3;
    struct oct_quantization_parameters p;
    struct oct_quantization grid;
    octet_status status = oct_quantization_read(r, node, form->output_scale, &p);
    if (status)
        return status;
    if (!oct_quantization_grid(&p, &grid) || count < 1 || count > OCT_CONCAT_MAX)
        return oct_node_fail(
            r->graph, node, OCTET_UNSUPPORTED_MODEL,
            "its output is not of 8 bits with one scale, or it has too many inputs");
    int values[OCT_CONCAT_MAX];
    for (int i = 0; i < count && !status; i++)
        status = read_operand(r, node, form->data_count ? form->data[i] : 2 + 3 * i, &values[i]);
    int *inputs = oct_graph_indices(r->graph, (size_t)count);
    if (!status && !inputs)
        status = oct_fail_memory(r->graph->ctx, "the graph");
    if (status)
        return status;
    for (int i = 0; i < count; i++)
        inputs[i] = values[i];
    node->inputs = inputs;
    node->input_count = count;
    node->op = form->becomes;
    oct_quantization_mark(r, node->outputs[0], &p);
    return add_grid(r, n, grid); /* moves the nodes: `node` is gone */
}
