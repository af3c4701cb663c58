/* SPDX-License-Identifier: Apache-2.0 */
/* Max pools as layers. */
#include "compiler/graph/operators.h"
#include "compiler/passes/passes.h"

octet_status oct_build_pool(struct oct_builder *builder, const struct oct_node *node)
{
    const struct oct_graph *graph = builder->import->graph;
    struct oct_layer layer = {.operation = OCT_MAX_POOL, .residual = -1};
    struct oct_window w;
    octet_status status = oct_builder_input(builder, node, 0, &layer.input);
    if (!status)
        status = oct_window_of(graph, node, &graph->values[node->inputs[0]].array, NULL, &w);
    if (status)
        return status;
    if (w.kernel[0] != w.kernel[1] || w.kernel[0] % 2 == 0 || w.kernel[0] > 31)
        return oct_node_fail(graph, node, OCTET_UNSUPPORTED_OPERATOR,
                             "its window of %lldx%lld is not square and odd, up to 31",
                             (long long)w.kernel[0], (long long)w.kernel[1]);
    int64_t padding = w.kernel[0] / 2;
    for (int i = 0; i < 2; i++)
        if (w.stride[i] != 1 || w.dilation[i] != 1 || w.pad_begin[i] != padding ||
            w.pad_end[i] != padding)
            return oct_node_fail(graph, node, OCTET_UNSUPPORTED_OPERATOR,
                                 "its output is not of its input's size (octet reads stride 1, "
                                 "dilation 1, padding %lld)",
                                 (long long)padding);
    layer.kernel = (int)w.kernel[0];
    layer.stride = 1;
    oct_provenance_share(builder->import->graph, node);
    return oct_builder_layer(builder, node, &layer, NULL);
}
