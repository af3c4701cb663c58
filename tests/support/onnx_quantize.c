/* SPDX-License-Identifier: Apache-2.0 */
/* QuantizeLinear and DequantizeLinear put around what the small detector computes. */
#include "onnx_quantize.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "network_run.h"

enum { UINT8 = 2, INT8 = 3, INT32 = 6, SIZE = 64, VALUES_MAX = 128 };

/* An activation on a grid. */
struct grid {
    const char *name;
    float scale;
    int zero; /* in the file's type */
};

struct work {
    octet_context *ctx;
    struct test_onnx *onnx;
    const struct test_quantizing *how;
    struct grid grids[VALUES_MAX];
    int count;
};

#define text(w, ...) test_onnx_text((w)->onnx, __VA_ARGS__)

static void set_codes(struct work *w, OctOnnx__TensorProto *tensor, int type, const int64_t *values,
                      size_t count)
{
    tensor->data_type = type;
    tensor->int32_data = test_onnx_memory(w->onnx, count * sizeof(int32_t));
    for (size_t i = 0; i < count; i++)
        tensor->int32_data[i] = (int32_t)values[i];
    tensor->n_int32_data = count;
    tensor->n_int64_data = tensor->n_float_data = 0;
}

static OctOnnx__TensorProto *bytes(struct work *w, const char *name, int type, int rank,
                                   const int64_t *dims, const int64_t *values)
{
    OctOnnx__TensorProto *tensor = test_onnx_ints(w->onnx, name, rank, dims, values);
    set_codes(w, tensor, type, values, tensor->n_int64_data);
    return tensor;
}

static void scalar(struct work *w, const char *name, float value)
{
    test_onnx_floats(w->onnx, name, 0, NULL, &value, 0);
}

/* What the float detector gives for a value, over one picture. */
static void range_of(struct work *w, const char *value, float *low, float *high)
{
    OctOnnx__ValueInfoProto *port = w->onnx->model.graph->output[0];
    char *kept = port->name;
    size_t size, count;
    port->name = (char *)(uintptr_t)value;
    unsigned char *file = test_onnx_pack(w->onnx, &size);
    port->name = kept;
    float *planes = test_planes(SIZE, SIZE, 5);
    float *values = test_graph_run(w->ctx, file, size, planes, SIZE, SIZE, &count);
    *low = *high = 0.0f;
    for (size_t i = 0; i < count; i++) {
        *low = fminf(*low, values[i]);
        *high = fmaxf(*high, values[i]);
    }
    free(values);
    free(planes);
    free(file);
}

static void choose_grid(struct work *w, const char *value)
{
    struct grid *g = &w->grids[w->count++];
    float low, high;
    assert_true(w->count < VALUES_MAX);
    if (strcmp(value, "images") == 0 && !w->how->is_signed) {
        *g = (struct grid){value, 1.0f / 255.0f, 0};
        return;
    }
    range_of(w, value, &low, &high);
    if (w->how->is_signed) {
        *g = (struct grid){value, fmaxf(fmaxf(-low, high), 1e-3f) / 127.0f, 0};
    } else {
        const float scale = fmaxf(high - low, 1e-3f) * 0.9f / 255.0f; /* some values are clipped */
        *g = (struct grid){value, scale, (int)rintf(-low * 0.9f / scale)};
    }
}

static const struct grid *grid_of(const struct work *w, const char *value)
{
    for (int i = 0; i < w->count; i++)
        if (strcmp(w->grids[i].name, value) == 0)
            return &w->grids[i];
    return NULL;
}

/* VALUE from VALUE.raw: the nearest of the grid. */
static void add_rounding(struct work *w, const struct grid *g, const char *raw)
{
    const char *v = g->name;
    const int low = w->how->is_signed ? -128 : 0;
    if (!w->how->emulate) {
        const char *zero = w->how->no_zeros ? "" : text(w, ",%s.zero", v);
        if (raw) {
            OctOnnx__NodeProto *q =
                test_onnx_node(w->onnx, "QuantizeLinear", "",
                               text(w, "%s,%s.scale%s", raw, v, zero), text(w, "%s.q", v));
            if (w->how->no_zeros)
                test_onnx_int(w->onnx, q, "output_dtype", INT8);
        }
        test_onnx_node(w->onnx, "DequantizeLinear", "", text(w, "%s.q,%s.scale%s", v, v, zero),
                       text(w, "%s.dq", v));
        return;
    }
    scalar(w, text(w, "%s.low", v), (float)(low - g->zero));
    scalar(w, text(w, "%s.high", v), (float)(low + 255 - g->zero));
    test_onnx_node(w->onnx, "Div", "", text(w, "%s,%s.scale", raw, v), text(w, "%s.e1", v));
    test_onnx_node(w->onnx, "Add", "", text(w, "%s.e1,magic", v), text(w, "%s.e2", v));
    test_onnx_node(w->onnx, "Sub", "", text(w, "%s.e2,magic", v), text(w, "%s.e3", v));
    test_onnx_node(w->onnx, "Clip", "", text(w, "%s.e3,%s.low,%s.high", v, v, v),
                   text(w, "%s.e4", v));
    test_onnx_node(w->onnx, "Mul", "", text(w, "%s.e4,%s.scale", v, v), text(w, "%s.dq", v));
}

static OctOnnx__TensorProto *find_tensor(struct work *w, const char *name)
{
    const OctOnnx__GraphProto *graph = w->onnx->model.graph;
    for (size_t i = 0; i < graph->n_initializer; i++)
        if (strcmp(graph->initializer[i]->name, name) == 0)
            return graph->initializer[i];
    fail_msg("no initializer %s", name);
    return NULL;
}

/* NAME's values rounded to scales by their first axis; `codes`, as a tensor NAME.codes behind a
 * DequantizeLinear that gives NAME. */
static void quantize_constant(struct work *w, OctOnnx__TensorProto *tensor, int type,
                              const float *scales, int scale_count)
{
    const size_t count = tensor->n_float_data, each = count / (size_t)tensor->dims[0];
    const char *name = text(w, "%s", tensor->name);
    int64_t *codes = test_onnx_memory(w->onnx, count * sizeof *codes);
    int64_t *zeros = test_onnx_memory(w->onnx, (size_t)scale_count * sizeof *zeros);
    const int64_t dims[] = {scale_count};
    const int rank = scale_count == 1 ? 0 : 1;
    for (size_t i = 0; i < count; i++) {
        const float scale = scales[scale_count == 1 ? 0 : i / each];
        codes[i] = (int64_t)rintf(tensor->float_data[i] / scale);
        if (w->how->emulate)
            tensor->float_data[i] = (float)codes[i] * scale;
    }
    if (w->how->emulate)
        return;
    test_onnx_floats(w->onnx, text(w, "%s.scale", name), rank, dims, scales, 0);
    bytes(w, text(w, "%s.zero", name), type, rank, dims, zeros);
    const char *inputs = text(w, "%s.codes,%s.scale,%s.zero", name, name, name);
    if (type == INT8 && w->how->float_weights) {
        tensor->name = (char *)(uintptr_t)text(w, "%s.float", name);
        OctOnnx__NodeProto *q = test_onnx_node(
            w->onnx, "QuantizeLinear", "", text(w, "%s.float,%s.scale,%s.zero", name, name, name),
            text(w, "%s.codes", name));
        test_onnx_int(w->onnx, q, "axis", 0);
    } else {
        tensor->name = (char *)(uintptr_t)text(w, "%s.codes", name);
        set_codes(w, tensor, type, codes, count);
    }
    if (w->how->qlinear)
        return;
    OctOnnx__NodeProto *dq = test_onnx_node(w->onnx, "DequantizeLinear", "", inputs, name);
    test_onnx_int(w->onnx, dq, "axis", 0);
}

static void quantize_weights(struct work *w, const OctOnnx__NodeProto *conv, float input_scale)
{
    OctOnnx__TensorProto *weights = find_tensor(w, conv->input[1]);
    OctOnnx__TensorProto *bias = find_tensor(w, conv->input[2]);
    const bool transposed = strcmp(conv->op_type, "ConvTranspose") == 0;
    const int outputs = (int)weights->dims[0];
    const int count = w->how->per_tensor || transposed ? 1 : outputs;
    const size_t each = weights->n_float_data / (size_t)outputs;
    float *scales = test_onnx_memory(w->onnx, (size_t)outputs * sizeof *scales);
    for (size_t i = 0; i < weights->n_float_data; i++) {
        float *s = &scales[count == 1 ? 0 : i / each];
        *s = fmaxf(*s, fabsf(weights->float_data[i]) / 127.0f);
    }
    quantize_constant(w, weights, INT8, scales, count);
    if (w->how->float_bias)
        return;
    float *units = test_onnx_memory(w->onnx, (size_t)outputs * sizeof *units);
    for (int n = 0; n < count; n++)
        units[n] = input_scale * scales[n];
    quantize_constant(w, bias, INT32, units, count);
}

/* Conv of dequantised values with QuantizeLinear behind it becomes one node. */
static void become_qlinear(struct work *w, OctOnnx__NodeProto *conv, const char *x, const char *y)
{
    const char *names[] = {
        text(w, "%s.q", x),
        text(w, "%s.scale", x),
        text(w, "%s.zero", x),
        text(w, "%s.codes", conv->input[1]),
        text(w, "%s.scale", conv->input[1]),
        text(w, "%s.zero", conv->input[1]),
        text(w, "%s.scale", y),
        text(w, "%s.zero", y),
        text(w, "%s.codes", conv->input[2]),
    };
    conv->op_type = (char *)(uintptr_t)text(w, "QLinearConv");
    conv->n_input = sizeof names / sizeof names[0];
    conv->input = test_onnx_memory(w->onnx, sizeof names);
    for (size_t i = 0; i < conv->n_input; i++)
        conv->input[i] = (char *)(uintptr_t)names[i];
    conv->output[0] = (char *)(uintptr_t)text(w, "%s.q", y);
}

/* Sigmoid, Mul, Add and Concat of ONNX Runtime's own domain; false for others. */
static bool become_other(struct work *w, OctOnnx__NodeProto *node)
{
    static const char *const ops[] = {"Sigmoid", "Mul", "Add", "Concat"};
    const char *y = node->output[0], *names[3 * 8 + 2];
    bool known = false;
    size_t count = 0;
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        known = known || strcmp(node->op_type, ops[i]) == 0;
    for (size_t i = 0; i < node->n_input; i++)
        known = known && grid_of(w, node->input[i]);
    if (!known || !grid_of(w, y))
        return false;
    const bool first = strcmp(node->op_type, "Concat") == 0;
    for (int part = 0; part < 2; part++) {
        if ((part == 0) == first) {
            names[count++] = text(w, "%s.scale", y);
            names[count++] = text(w, "%s.zero", y);
        }
        for (size_t i = 0; i < node->n_input && (part == 1) == first; i++) {
            names[count++] = text(w, "%s.q", node->input[i]);
            names[count++] = text(w, "%s.scale", node->input[i]);
            names[count++] = text(w, "%s.zero", node->input[i]);
        }
    }
    node->op_type = (char *)(uintptr_t)text(w, "QLinear%s", node->op_type);
    node->domain = (char *)(uintptr_t)text(w, "com.microsoft");
    node->n_input = count;
    node->input = test_onnx_memory(w->onnx, count * sizeof *node->input);
    for (size_t i = 0; i < count; i++)
        node->input[i] = (char *)(uintptr_t)names[i];
    node->output[0] = (char *)(uintptr_t)text(w, "%s.q", y);
    return true;
}

static bool is_convolution(const OctOnnx__NodeProto *node)
{
    return strcmp(node->op_type, "Conv") == 0 || strcmp(node->op_type, "ConvTranspose") == 0;
}

static bool is_wanted(const struct test_quantizing *how, const OctOnnx__NodeProto *node)
{
    static const char *const ops[] = {"Conv",        "Sigmoid", "Mul",          "Add",
                                      "MaxPool",     "Resize",  "Split",        "Concat",
                                      "AveragePool", "Pad",     "ConvTranspose"};
    const bool body = strncmp(node->output[0], "output", 6) != 0;
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        if (how->all && body && strcmp(node->op_type, ops[i]) == 0)
            return true;
    return false;
}

/* The values to be rounded, before the graph is changed. The tail begins behind the last
 * convolutions. */
static void choose_grids(struct work *w)
{
    const OctOnnx__GraphProto *graph = w->onnx->model.graph;
    size_t last = 0;
    for (size_t n = 0; n < graph->n_node; n++)
        if (strcmp(graph->node[n]->op_type, "Conv") == 0 &&
            strncmp(graph->node[n]->output[0], "class", 5) == 0)
            last = n;
    choose_grid(w, "images");
    for (size_t n = 0; n <= last; n++) {
        const OctOnnx__NodeProto *node = graph->node[n];
        for (size_t o = 0; o < node->n_output && is_wanted(w->how, node); o++)
            choose_grid(w, node->output[o]);
    }
    for (size_t n = 0; n <= last && !w->how->all; n++)
        if (is_convolution(graph->node[n]) && !grid_of(w, graph->node[n]->input[0]))
            choose_grid(w, graph->node[n]->input[0]);
}

void test_onnx_quantize(octet_context *ctx, struct test_onnx *onnx,
                        const struct test_quantizing *how)
{
    struct work w = {.ctx = ctx, .onnx = onnx, .how = how};
    OctOnnx__GraphProto *graph = onnx->model.graph;
    const size_t nodes = graph->n_node;
    choose_grids(&w);
    scalar(&w, "magic", 12582912.0f); /* adding it rounds to whole numbers */
    for (size_t n = 0; n < nodes; n++) {
        OctOnnx__NodeProto *node = graph->node[n];
        const bool conv = is_convolution(node) && grid_of(&w, node->input[0]);
        if (how->qlinear && become_other(&w, node))
            continue;
        char *x = node->input[0];
        if (conv)
            quantize_weights(&w, node, grid_of(&w, x)->scale);
        for (size_t i = 0; i < node->n_input; i++)
            if (grid_of(&w, node->input[i]) && (how->all || conv))
                node->input[i] = (char *)(uintptr_t)text(&w, "%s.dq", node->input[i]);
        if (conv && how->qlinear)
            become_qlinear(&w, node, x, node->output[0]);
    }
    for (int i = 0; i < w.count; i++) {
        const struct grid *g = &w.grids[i];
        const int64_t zero = g->zero;
        scalar(&w, text(&w, "%s.scale", g->name), g->scale);
        if (!how->emulate)
            bytes(&w, text(&w, "%s.zero", g->name), how->is_signed ? INT8 : UINT8, 0, NULL, &zero);
        bool done = false; /* a QLinearConv gives the codes itself */
        for (size_t n = 0; n < nodes && how->qlinear; n++)
            done = done || strcmp(graph->node[n]->output[0], text(&w, "%s.q", g->name)) == 0;
        add_rounding(&w, g, done ? NULL : g->name);
    }
}
