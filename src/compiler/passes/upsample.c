/* SPDX-License-Identifier: Apache-2.0 */
/* Upsampling by 2, nearest, as layers: Resize and Upsample; and depth to space. */
#include <string.h>

#include "compiler/graph/operators.h"
#include "compiler/passes/passes.h"

#define EDGE 64 /* positions are affine: if they fit at both ends, they fit between */

/* Whatever the modes are called: nearest by 2 when output position i reads input position i / 2. */
static octet_status check_positions(const struct oct_graph *graph, const struct oct_node *node,
                                    int axis)
{
    const struct oct_array *input = &graph->values[node->inputs[0]].array;
    const struct oct_array *output = &graph->values[node->outputs[0]].array;
    int64_t size = output->dims[axis];
    for (int64_t at = 0; at < size; at = at == EDGE && size > 2 * EDGE ? size - EDGE : at + 1) {
        int64_t source;
        octet_status status = oct_resize_source(graph, node, input, output, axis, at, &source);
        if (status)
            return status;
        if (source != at / 2)
            return oct_node_fail(graph, node, OCTET_UNSUPPORTED_OPERATOR,
                                 "its nearest neighbours are not position / 2");
    }
    return OCTET_OK;
}

octet_status oct_build_upsample(struct oct_builder *builder, const struct oct_node *node)
{
    const struct oct_graph *graph = builder->import->graph;
    const struct oct_array *input = &graph->values[node->inputs[0]].array;
    const struct oct_array *output = &graph->values[node->outputs[0]].array;
    struct oct_layer layer = {.operation = OCT_UPSAMPLE, .residual = -1, .kernel = 1, .stride = 1};
    octet_status status = oct_builder_input(builder, node, 0, &layer.input);
    if (status)
        return status;
    if (output->type != OCT_DATA_FLOAT || output->rank != 4 || output->dims[1] != input->dims[1] ||
        output->dims[2] != 2 * input->dims[2] || output->dims[3] != 2 * input->dims[3])
        return oct_node_fail(graph, node, OCTET_UNSUPPORTED_OPERATOR,
                             "only upsampling by 2 is read");
    status = check_positions(graph, node, 2);
    if (!status)
        status = check_positions(graph, node, 3);
    if (status)
        return status;
    oct_provenance_share(builder->import->graph, node);
    return oct_builder_layer(builder, node, &layer, NULL);
}

octet_status oct_build_depth(struct oct_builder *builder, const struct oct_node *node)
{
    struct oct_layer layer = {
        .operation = OCT_DEPTH_TO_SPACE, .residual = -1, .kernel = 1, .stride = 1};
    const octet_status status = oct_builder_input(builder, node, 0, &layer.input);
    if (status)
        return status;
    if (oct_node_int(node, "blocksize", 0) != 2 ||
        strcmp(oct_node_string(node, "mode", "DCR"), "DCR") != 0)
        return oct_node_fail(builder->import->graph, node, OCTET_UNSUPPORTED_OPERATOR,
                             "only blocks of 2, whose places come before channels (DCR), are read");
    oct_provenance_share(builder->import->graph, node);
    return oct_builder_layer(builder, node, &layer, NULL);
}
