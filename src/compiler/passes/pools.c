/* SPDX-License-Identifier: Apache-2.0 */
/* Pools as layers. */
#include "compiler/graph/operators.h"
#include "compiler/passes/passes.h"

octet_status oct_builder_window(const struct oct_graph *graph, const struct oct_node *node,
                                const struct oct_window *w, int most, struct oct_layer *layer)
{
    const octet_status status = OCTET_UNSUPPORTED_OPERATOR;
    if (w->dilation[0] != 1 || w->dilation[1] != 1)
        return oct_node_fail(graph, node, status, "only dilation 1 is read");
    if (w->kernel[0] != w->kernel[1] || w->kernel[0] > most)
        return oct_node_fail(graph, node, status, "its kernel of %lldx%lld is not square, up to %d",
                             (long long)w->kernel[0], (long long)w->kernel[1], most);
    if (w->stride[0] != w->stride[1] || w->stride[0] > OCT_STRIDE_MAX)
        return oct_node_fail(graph, node, status,
                             "its strides of %lldx%lld are not equal, up to %d",
                             (long long)w->stride[0], (long long)w->stride[1], OCT_STRIDE_MAX);
    if (w->pad_begin[0] != w->pad_begin[1] || w->pad_end[0] != w->pad_end[1])
        return oct_node_fail(graph, node, status, "its padding differs between height and width");
    if (w->pad_begin[0] >= w->kernel[0] || w->pad_end[0] >= w->kernel[0])
        return oct_node_fail(graph, node, status, "its padding is as wide as its kernel, or wider");
    layer->kernel = (int)w->kernel[0];
    layer->stride = (int)w->stride[0];
    layer->padding = (int)w->pad_begin[0];
    layer->uneven = (int)(w->pad_end[0] - w->pad_begin[0]);
    return OCTET_OK;
}

static octet_status find_window(struct oct_builder *builder, const struct oct_node *node,
                                struct oct_layer *layer, struct oct_window *window)
{
    const struct oct_graph *graph = builder->import->graph;
    const octet_status status = oct_builder_input(builder, node, 0, &layer->input);
    return status ? status
                  : oct_window_of(graph, node, &graph->values[node->inputs[0]].array, NULL, window);
}

static bool has_zeros(const struct oct_node *node)
{
    return node->zeros[0] || node->zeros[1] || node->zeros[2] || node->zeros[3];
}

/* Where sizes are rounded up, there is padding for what reaches beyond: it takes no part. */
static octet_status round_up(const struct oct_graph *graph, const struct oct_node *node,
                             struct oct_window *window)
{
    if (!oct_node_int(node, "ceil_mode", 0))
        return OCTET_OK;
    for (int i = 0; i < 2; i++)
        window->pad_end[i] += window->stride[i] - 1;
    if (!has_zeros(node) && window->pad_end[0] < window->kernel[0] &&
        window->pad_end[1] < window->kernel[1])
        return OCTET_OK;
    return oct_node_fail(graph, node, OCTET_UNSUPPORTED_OPERATOR,
                         "ceil_mode is not read with such kernels, strides and padding");
}

octet_status oct_build_pool(struct oct_builder *builder, const struct oct_node *node)
{
    struct oct_layer layer = {
        .operation = OCT_WINDOW_MAX, .residual = -1, .zeros = has_zeros(node)};
    struct oct_window w;
    octet_status status = find_window(builder, node, &layer, &w);
    if (!status)
        status = round_up(builder->import->graph, node, &w);
    if (!status)
        status = oct_builder_window(builder->import->graph, node, &w, OCT_KERNEL_MAX, &layer);
    if (status)
        return status;
    if (layer.stride == 1 && layer.kernel % 2 == 1 && layer.padding == layer.kernel / 2 &&
        layer.uneven == 0 && !layer.zeros) {
        layer.operation = OCT_MAX_POOL;
        layer.padding = 0;
    }
    oct_provenance_share(builder->import->graph, node);
    return oct_builder_layer(builder, node, &layer, NULL);
}

octet_status oct_build_mean(struct oct_builder *builder, const struct oct_node *node)
{
    const struct oct_graph *graph = builder->import->graph;
    struct oct_layer layer = {.operation = OCT_WINDOW_MEAN, .residual = -1};
    struct oct_window w;
    octet_status status = find_window(builder, node, &layer, &w);
    if (!status)
        status = oct_builder_window(graph, node, &w, OCT_KERNEL_MAX, &layer);
    if (status)
        return status;
    if (oct_node_int(node, "ceil_mode", 0) && layer.stride > 1)
        return oct_node_fail(graph, node, OCTET_UNSUPPORTED_OPERATOR,
                             "ceil_mode is read of max pools alone");
    if ((layer.padding || layer.uneven) && !has_zeros(node) &&
        !oct_node_int(node, "count_include_pad", 0))
        return oct_node_fail(graph, node, OCTET_UNSUPPORTED_OPERATOR,
                             "its padding does not count: that is read of max pools alone");
    return oct_builder_layer(builder, node, &layer, NULL);
}
