/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quantised files become float graphs that say where the file rounds. QuantizeLinear turns into a
 * FakeQuantize node whose output, an integer tensor in the file, holds the values that its codes
 * stand for; whatever only moves such a tensor does the same with its values; DequantizeLinear has
 * nothing left to do. Weights are dequantised, with their scales kept beside them. What is
 * quantised otherwise than by 8 bits with one scale a tensor is left float, and counted.
 */
#include <math.h>
#include <string.h>

#include "compiler/passes/quantized_reading.h"

/* ---- scales and zero points ---- */

static const struct oct_value *constant_of(const struct oct_graph *graph, int value)
{
    return oct_value_is_constant(graph, value) ? &graph->values[value] : NULL;
}

octet_status oct_quantization_read(const struct oct_quantization_reading *r,
                                   const struct oct_node *node, int scale_input,
                                   struct oct_quantization_parameters *p)
{
    const struct oct_value *scale = NULL, *zero = NULL;
    const bool has_zero = scale_input + 1 < node->input_count && node->inputs[scale_input + 1] >= 0;
    if (scale_input < node->input_count)
        scale = constant_of(r->graph, node->inputs[scale_input]);
    if (has_zero)
        zero = constant_of(r->graph, node->inputs[scale_input + 1]);
    const int32_t asked = (int32_t)oct_node_int(node, "output_dtype", 0); /* of QuantizeLinear */
    *p = (struct oct_quantization_parameters){.file_type = asked ? asked : OCT_ONNX_UINT8};
    if (!scale || scale->array.type != OCT_DATA_FLOAT || scale->array.count < 1 ||
        (has_zero && !zero))
        return oct_node_fail(r->graph, node, OCTET_UNSUPPORTED_MODEL,
                             "its scale or zero point is not constant");
    p->scales = oct_floats(&scale->array);
    p->count = scale->array.count;
    p->axis = oct_node_int(node, "axis", 1);
    p->block_size = oct_node_int(node, "block_size", 0);
    for (size_t i = 0; i < p->count; i++)
        if (!oct_scale_valid(p->scales[i]))
            return oct_node_fail(r->graph, node, OCTET_UNSUPPORTED_MODEL,
                                 "it has a scale that is not positive");
    if (!has_zero)
        return OCTET_OK;
    p->file_type = zero->file_type;
    if (asked && asked != zero->file_type)
        return oct_node_fail(r->graph, node, OCTET_BAD_FORMAT,
                             "its zero point is not of its output's type");
    if (zero->array.type != OCT_DATA_INT) /* floats of 8 bits, and the like */
        return OCTET_OK;
    if (zero->array.count != p->count)
        return oct_node_fail(r->graph, node, OCTET_BAD_FORMAT,
                             "it has not as many zero points as scales");
    p->zeros = oct_ints(&zero->array);
    return OCTET_OK;
}

bool oct_quantization_grid(const struct oct_quantization_parameters *p,
                           struct oct_quantization *grid)
{
    const int64_t low = p->file_type == OCT_ONNX_INT8 ? -128 : 0;
    const int64_t zero = (p->zeros ? p->zeros[0] : 0) - low;
    *grid = (struct oct_quantization){0.0f, 0};
    if (p->count != 1 || (p->file_type != OCT_ONNX_INT8 && p->file_type != OCT_ONNX_UINT8) ||
        zero < 0 || zero > 255)
        return false;
    *grid = (struct oct_quantization){p->scales[0], (int)zero};
    return true;
}

bool oct_quantization_is_on(const struct oct_quantization_reading *r, int value,
                            struct oct_quantization grid)
{
    struct oct_quantization own;
    return r->codes[value].file_type && oct_quantization_grid(&r->codes[value], &own) &&
           oct_same_quantization(own, grid);
}

/* True when codes of the one stand for the values that they stand for by the other. */
static bool same_parameters(const struct oct_quantization_parameters *a,
                            const struct oct_quantization_parameters *b)
{
    if (a->file_type != b->file_type || a->count != b->count || a->block_size != b->block_size ||
        (a->count > 1 && a->axis != b->axis))
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (a->scales[i] != b->scales[i] ||
            oct_quantization_zero(a, i) != oct_quantization_zero(b, i))
            return false;
    return true;
}

/* ---- nodes ---- */

void oct_quantization_mark(const struct oct_quantization_reading *r, int value,
                           const struct oct_quantization_parameters *p)
{
    if (value >= 0)
        r->codes[value] = *p;
}

static octet_status read_quantize(struct oct_quantization_reading *r, struct oct_node *node)
{
    struct oct_quantization_parameters p;
    struct oct_quantization grid;
    octet_status status = oct_quantization_read(r, node, 1, &p);
    if (status)
        return status;
    if (oct_value_is_constant(r->graph, node->inputs[0])) {
        node->removed = true;
        return oct_quantization_codes(r, node, &p, node->inputs[0], node->outputs[0]);
    }
    const bool is_grid = oct_quantization_grid(&p, &grid);
    node->op = is_grid ? OCT_OP_FAKE_QUANTIZE : OCT_OP_IDENTITY;
    node->grid = grid;
    node->input_count = 1;
    r->import->imported->left_float += !is_grid;
    oct_quantization_mark(r, node->outputs[0], &p);
    return OCTET_OK;
}

static octet_status read_dequantize(struct oct_quantization_reading *r, struct oct_node *node)
{
    struct oct_graph *graph = r->graph;
    struct oct_quantization_parameters p;
    octet_status status = oct_quantization_read(r, node, 1, &p);
    const int input = node->inputs[0], output = node->outputs[0];
    if (status)
        return status;
    const bool constant = oct_value_is_constant(graph, input);
    if (constant ? graph->values[input].array.type != OCT_DATA_INT : !r->codes[input].file_type)
        return oct_node_fail(graph, node, OCTET_UNSUPPORTED_MODEL,
                             "octet cannot follow where its input was quantised");
    const int32_t type = constant ? graph->values[input].file_type : r->codes[input].file_type;
    if (node->input_count < 3 || node->inputs[2] < 0)
        p.file_type = type; /* zero point 0, in its input's type */
    if (p.file_type != type)
        return oct_node_fail(graph, node, OCTET_BAD_FORMAT,
                             "its zero point is not of its input's type");
    if (constant) {
        node->removed = true;
        return oct_quantization_constant(r, node, &p, input, output);
    }
    if (!same_parameters(&p, &r->codes[input]))
        return oct_node_fail(graph, node, OCTET_UNSUPPORTED_MODEL,
                             "its scale or zero point is not what its input was quantised with");
    node->op = OCT_OP_IDENTITY;
    node->input_count = 1;
    return OCTET_OK;
}

/* Operators that take no element of an integer tensor to another channel. */
static bool keeps_channels(enum oct_operator op)
{
    return op == OCT_OP_IDENTITY || op == OCT_OP_MAX_POOL || op == OCT_OP_RESIZE ||
           op == OCT_OP_UPSAMPLE;
}

/* Those, and others that change no element. */
static bool only_moves(enum oct_operator op)
{
    return keeps_channels(op) || oct_moves_elements(op) || op == OCT_OP_CONCAT;
}

/* What happens to integers that were quantised before. */
static octet_status follow(const struct oct_quantization_reading *r, const struct oct_node *node)
{
    if (node->input_count < 1 || node->inputs[0] < 0 || !r->codes[node->inputs[0]].file_type)
        return OCTET_OK;
    const struct oct_quantization_parameters *p = &r->codes[node->inputs[0]];
    if (!only_moves(node->op))
        return oct_node_fail(r->graph, node, OCTET_UNSUPPORTED_MODEL,
                             "octet does not read this operator on integers");
    if (p->count > 1 && !keeps_channels(node->op))
        return oct_node_fail(r->graph, node, OCTET_UNSUPPORTED_MODEL,
                             "it moves integers that have a scale for each channel");
    for (int i = 1; node->op == OCT_OP_CONCAT && i < node->input_count; i++)
        if (node->inputs[i] < 0 || !same_parameters(&r->codes[node->inputs[i]], p))
            return oct_node_fail(r->graph, node, OCTET_UNSUPPORTED_MODEL,
                                 "it joins integers of different scales");
    for (int i = 0; i < node->output_count; i++)
        oct_quantization_mark(r, node->outputs[i], p);
    return OCTET_OK;
}

/* A node that has nothing to do with codes, or only moves them. Where all that it reads is
 * constant, so is what it makes: weights and zero points pass through Cast and Reshape. */
static octet_status read_other(struct oct_quantization_reading *r, size_t n)
{
    const struct oct_node *node = &r->graph->nodes[n];
    bool constant = node->op != OCT_OP_OTHER && node->input_count > 0;
    for (int i = 0; constant && i < node->input_count; i++)
        constant = node->inputs[i] < 0 || oct_value_is_constant(r->graph, node->inputs[i]);
    return constant ? oct_graph_fold_node(r->graph, n, &r->left) : follow(r, node);
}

static octet_status read_node(struct oct_quantization_reading *r, size_t n)
{
    static const struct {
        const char *op;
        int inputs, outputs; /* at least */
        octet_status (*read)(struct oct_quantization_reading *r, struct oct_node *node);
    } readers[] = {
        {"QuantizeLinear", 2, 1, read_quantize},
        {"DequantizeLinear", 2, 1, read_dequantize},
        {"com.microsoft.QuantizeLinear", 2, 1, read_quantize},
        {"com.microsoft.DequantizeLinear", 2, 1, read_dequantize},
        {"DynamicQuantizeLinear", 1, 3, oct_read_dynamic_quantize},
        {"ConvInteger", 2, 1, oct_read_conv_integer},
        {"QLinearConv", 8, 1, oct_read_qlinear_conv},
        {"com.microsoft.QLinearSigmoid", 2, 1, oct_read_qlinear},
        {"com.microsoft.QLinearSoftmax", 2, 1, oct_read_qlinear},
        {"com.microsoft.QLinearMul", 2, 1, oct_read_qlinear},
        {"com.microsoft.QLinearAdd", 2, 1, oct_read_qlinear},
        {"com.microsoft.QLinearConcat", 1, 1, oct_read_qlinear},
    };
    struct oct_node *node = &r->graph->nodes[n];
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        if (strcmp(node->op_name, readers[i].op) != 0)
            continue;
        bool whole = node->input_count >= readers[i].inputs && node->output_count >= 1;
        for (int k = 0; whole && k < readers[i].inputs; k++)
            whole = node->inputs[k] >= 0;
        if (!whole || node->output_count > readers[i].outputs || node->outputs[0] < 0)
            return oct_node_fail(r->graph, node, OCTET_BAD_FORMAT, "it has too few inputs");
        r->import->imported->is_quantised = 1;
        return readers[i].read(r, node);
    }
    return read_other(r, n);
}

/* Other operators on codes that tools write, with the domains that they use left out. */
static bool is_quantised(const char *op_name)
{
    static const char *const names[] = {"MatMulInteger", "DynamicQuantizeMatMul", "QGemm",
                                        "QuantizeLinear", "DequantizeLinear"};
    const char *dot = strrchr(op_name, '.');
    const char *type = dot ? dot + 1 : op_name;
    if (strncmp(type, "QLinear", 7) == 0)
        return true;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(type, names[i]) == 0)
            return true;
    return false;
}

octet_status oct_read_quantization(struct oct_import *import)
{
    struct oct_graph *graph = import->graph;
    /* QLinearConv, which adds most, has three values and one node of its own */
    const size_t room = graph->value_count + 4 * graph->node_count, nodes = graph->node_count;
    struct oct_quantization_reading r = {
        .import = import,
        .graph = graph,
        .left = OCT_FOLD_LIMITS,
        .codes = oct_calloc(import->ctx, room, sizeof *r.codes),
    };
    octet_status status = r.codes ? OCTET_OK : oct_fail_memory(import->ctx, "the graph");
    for (size_t n = 0; n < nodes && !status; n++)
        status = read_node(&r, n);
    for (size_t n = 0; n < graph->node_count && !status; n++)
        if (graph->nodes[n].op == OCT_OP_OTHER && !graph->nodes[n].removed &&
            is_quantised(graph->nodes[n].op_name))
            status = oct_node_fail(graph, &graph->nodes[n], OCTET_UNSUPPORTED_MODEL,
                                   "octet does not read this quantised operator");
    oct_free(import->ctx, r.codes);
    return status ? status : oct_graph_sort(graph);
}
