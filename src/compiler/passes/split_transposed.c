/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A transposed convolution of 2x2 with stride 2 makes of each pixel four that no other has a part
 * in: it is a 1x1 convolution with four times the channels, which then go where they belong.
 */
#include <string.h>

#include "compiler/graph/operators.h"
#include "compiler/passes/passes.h"

enum { BLOCK = 2, PLACES = BLOCK * BLOCK };

/* Whether an INTS attribute has nothing but `value`, or is not there and `otherwise` is that. */
static bool has_all(const struct oct_node *node, const char *name, int64_t value, int64_t otherwise)
{
    const struct oct_attribute *list = oct_node_attribute(node, name, OCT_ATTRIBUTE_INTS);
    for (size_t i = 0; list && i < list->count; i++)
        if (list->integers[i] != value)
            return false;
    return list || value == otherwise;
}

static bool is_split(const struct oct_graph *graph, const struct oct_node *node)
{
    const char *mode = oct_node_string(node, "auto_pad", "NOTSET");
    if (node->op != OCT_OP_CONV_TRANSPOSE || !oct_value_is_constant(graph, node->inputs[1]) ||
        node->outputs[0] < 0 || graph->values[node->outputs[0]].array.rank != 4)
        return false;
    const bool has_bias = node->input_count > 2 && node->inputs[2] >= 0;
    const struct oct_array *weights = &graph->values[node->inputs[1]].array;
    return (!has_bias || oct_value_is_constant(graph, node->inputs[2])) && weights->rank == 4 &&
           weights->dims[2] == BLOCK && weights->dims[3] == BLOCK &&
           oct_node_int(node, "group", 1) == 1 && has_all(node, "strides", BLOCK, 1) &&
           has_all(node, "pads", 0, 0) && has_all(node, "dilations", 1, 1) &&
           has_all(node, "output_padding", 0, 0) &&
           (strcmp(mode, "NOTSET") == 0 || strcmp(mode, "VALID") == 0 || !mode[0]);
}

/* [inputs][outputs][2][2] to [2][2][outputs][inputs][1][1], and what is known of them. */
static octet_status turn_weights(struct oct_graph *graph, int from, int to)
{
    const struct oct_array old = graph->values[from].array;
    const size_t inputs = (size_t)old.dims[0], outputs = (size_t)old.dims[1];
    const float *scales = graph->values[from].weight_scales;
    struct oct_array *new = &graph->values[to].array;
    const int64_t dims[] = {PLACES * old.dims[1], old.dims[0], 1, 1};
    bool same = scales != NULL;
    if (!oct_array_shape(new, OCT_DATA_FLOAT, 4, dims))
        return oct_fail_memory(graph->ctx, "weights");
    float *all = oct_arena_calloc(&graph->arena, PLACES * outputs, sizeof *all);
    new->data = oct_arena_calloc(&graph->arena, new->count, sizeof(float));
    if (!new->data || !all)
        return oct_fail_memory(graph->ctx, "weights");
    for (size_t c = 0; c < inputs; c++)
        for (size_t o = 0; o < outputs; o++)
            for (size_t p = 0; p < PLACES; p++)
                oct_floats(new)[(p * outputs + o) * inputs + c] =
                    oct_floats(&old)[(c * outputs + o) * PLACES + p];
    for (size_t c = 1; c < inputs && same; c++) /* of its input channels: all one, or of no use */
        same = scales[c] == scales[0];
    for (size_t i = 0; i < PLACES * outputs && same; i++)
        all[i] = scales[0];
    graph->values[to].weight_scales = same ? all : NULL;
    return OCTET_OK;
}

static octet_status repeat_bias(struct oct_graph *graph, int from, int to)
{
    const struct oct_array old = graph->values[from].array;
    struct oct_array *new = &graph->values[to].array;
    const int64_t count = PLACES * (int64_t)old.count;
    if (!oct_array_shape(new, OCT_DATA_FLOAT, 1, &count))
        return oct_fail_memory(graph->ctx, "weights");
    new->data = oct_arena_calloc(&graph->arena, new->count, sizeof(float));
    if (!new->data)
        return oct_fail_memory(graph->ctx, "weights");
    for (size_t i = 0; i < new->count; i++)
        oct_floats(new)[i] = oct_floats(&old)[i % old.count];
    return OCTET_OK;
}

/* The node becomes a Conv whose result a new one moves. */
static octet_status split(struct oct_graph *graph, size_t index)
{
    const struct oct_node node = graph->nodes[index];
    const bool has_bias = node.input_count > 2 && node.inputs[2] >= 0;
    struct oct_attribute *block = oct_arena_calloc(&graph->arena, 1, sizeof *block);
    int *inputs = oct_graph_indices(graph, 3), *ends = oct_graph_indices(graph, 3);
    const char *name =
        oct_arena_printf(&graph->arena, "%s.depth", graph->values[node.outputs[0]].name);
    const int weights = oct_graph_add_value(graph, graph->values[node.inputs[1]].name);
    const int bias = has_bias ? oct_graph_add_value(graph, graph->values[node.inputs[2]].name) : 0;
    const int depth = name ? oct_graph_add_value(graph, name) : -1;
    if (!block || !inputs || !ends || weights < 0 || bias < 0 || depth < 0)
        return oct_fail_memory(graph->ctx, "the graph");
    octet_status status = turn_weights(graph, node.inputs[1], weights);
    if (!status && has_bias)
        status = repeat_bias(graph, node.inputs[2], bias);
    if (status)
        return status;
    const struct oct_array *x = &graph->values[node.inputs[0]].array;
    const int64_t dims[] = {x->dims[0], graph->values[weights].array.dims[0], x->dims[2],
                            x->dims[3]};
    if (!oct_array_shape(&graph->values[depth].array, OCT_DATA_FLOAT, 4, dims))
        return oct_fail_memory(graph->ctx, "the graph");
    inputs[0] = node.inputs[0];
    inputs[1] = weights;
    inputs[2] = bias;
    ends[0] = depth;
    ends[1] = node.outputs[0];
    *block =
        (struct oct_attribute){.name = "blocksize", .kind = OCT_ATTRIBUTE_INT, .integer = BLOCK};
    struct oct_node *conv = &graph->nodes[index];
    conv->op = OCT_OP_CONV;
    conv->attribute_count = 0;
    conv->inputs = inputs;
    conv->input_count = has_bias ? 3 : 2;
    conv->outputs = ends;
    const struct oct_node move = {.op = OCT_OP_DEPTH_TO_SPACE,
                                  .op_name = "DepthToSpace",
                                  .name = node.name,
                                  .input_count = 1,
                                  .output_count = 1,
                                  .attribute_count = 1,
                                  .inputs = ends,
                                  .outputs = ends + 1,
                                  .attributes = block};
    return oct_graph_add_node(graph, &move) < 0 ? oct_fail_memory(graph->ctx, "the graph")
                                                : OCTET_OK;
}

octet_status oct_split_transposed(struct oct_import *import)
{
    struct oct_graph *graph = import->graph;
    const size_t count = graph->node_count;
    size_t bytes = 0;
    octet_status status = OCTET_OK;
    for (size_t n = 0; n < count && !status; n++) {
        if (!is_split(graph, &graph->nodes[n]))
            continue;
        bytes += graph->values[graph->nodes[n].inputs[1]].array.count * sizeof(float);
        status = bytes <= OCT_FUSED_BYTES_MAX
                     ? split(graph, n)
                     : oct_refuse_model(import, "its transposed convolutions are too many");
    }
    return status ? status : oct_graph_sort(graph);
}
