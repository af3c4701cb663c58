/* SPDX-License-Identifier: Apache-2.0 */
/* Heights and widths of all tensors, from the input's on. */
#include <string.h>

#include "network/operations.h"

/* Fills the views whose parts are known by now; returns false when members differ. Views may come
 * in any order. */
static bool view_sizes(const struct oct_network *network, struct oct_network_size *sizes,
                       int tensor)
{
    const struct oct_tensor *t = &network->tensors[tensor];
    if (sizes[tensor].height > 0)
        return true;
    if (t->kind == OCT_TENSOR_SLICE || t->kind == OCT_TENSOR_CODED) {
        if (!view_sizes(network, sizes, t->parent))
            return false;
        sizes[tensor] = sizes[t->parent];
    }
    for (int i = 0; i < t->member_count; i++) {
        if (!view_sizes(network, sizes, t->members[i]))
            return false;
        const struct oct_network_size size = sizes[t->members[i]];
        if (i > 0 && (size.height != sizes[tensor].height || size.width != sizes[tensor].width))
            return false;
        sizes[tensor] = size;
    }
    return sizes[tensor].height > 0;
}

octet_status oct_network_sizes(octet_context *ctx, const struct oct_network *network, int height,
                               int width, struct oct_network_size *sizes)
{
    memset(sizes, 0, sizeof *sizes * (size_t)network->tensor_count);
    sizes[0] = (struct oct_network_size){height, width};
    for (int i = 0; i < network->layer_count; i++) {
        const struct oct_layer *layer = &network->layers[i];
        if (!view_sizes(network, sizes, layer->input))
            return oct_fail(ctx, OCTET_BAD_SHAPE,
                            "layer \"%s\": its input's parts differ in size at %dx%d", layer->name,
                            height, width);
        const struct oct_network_size size =
            oct_operation_row(layer->operation)->size(layer, sizes[layer->input]);
        if (size.height < 1 || size.width < 1 || size.height > OCT_TENSOR_SIDE_MAX ||
            size.width > OCT_TENSOR_SIDE_MAX)
            return oct_fail(ctx, OCTET_BAD_SHAPE, "layer \"%s\": nothing is left at %dx%d",
                            layer->name, height, width);
        sizes[layer->output] = size;
        if (layer->areas > 1 && (int64_t)size.height * size.width % layer->areas)
            return oct_fail(ctx, OCTET_BAD_SHAPE,
                            "layer \"%s\": its %dx%d pixels cannot be cut into %d areas at %dx%d",
                            layer->name, size.height, size.width, layer->areas, height, width);
        if (layer->residual >= 0 && (!view_sizes(network, sizes, layer->residual) ||
                                     sizes[layer->residual].height != size.height ||
                                     sizes[layer->residual].width != size.width))
            return oct_fail(ctx, OCTET_BAD_SHAPE,
                            "layer \"%s\": the residual differs in size at %dx%d", layer->name,
                            height, width);
    }
    for (int i = 0; i < network->tensor_count;
         i++) /* concats that nobody reads as a whole still name a buffer */
        if (!view_sizes(network, sizes, i))
            return oct_fail(ctx, OCTET_BAD_SHAPE,
                            "tensor \"%s\": its parts differ in size at %dx%d",
                            network->tensors[i].name, height, width);
    for (int i = 0; i < network->head.output_count; i++) {
        const struct oct_head_output *output = &network->head.outputs[i];
        const struct oct_network_size size = sizes[output->tensor];
        if (size.height != height / output->stride || size.width != width / output->stride)
            return oct_fail(ctx, OCTET_BAD_SHAPE, "head level of stride %d is %dx%d at %dx%d",
                            output->stride, size.height, size.width, height, width);
    }
    return OCTET_OK;
}
