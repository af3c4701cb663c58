/* SPDX-License-Identifier: Apache-2.0 */
/* Views and sizes of a network's tensors. */
#include "network/network.h"

#include <string.h>

#include "network/operations.h"

int oct_network_stride(const struct oct_network *network)
{
    int stride = 1;
    for (int i = 0; i < network->head.output_count; i++)
        stride =
            network->head.outputs[i].stride > stride ? network->head.outputs[i].stride : stride;
    return stride;
}

struct oct_network_channel oct_network_resolve(const struct oct_network *network, int tensor,
                                               int channel)
{
    for (;;) {
        const struct oct_tensor *t = &network->tensors[tensor];
        if (t->kind == OCT_TENSOR_SLICE) {
            channel += t->offset;
            tensor = t->parent;
        } else if (t->kind == OCT_TENSOR_CONCAT) {
            int member = 0;
            while (member + 1 < t->member_count &&
                   channel >= network->tensors[t->members[member]].channels)
                channel -= network->tensors[t->members[member++]].channels;
            tensor = t->members[member];
        } else {
            return (struct oct_network_channel){tensor, channel};
        }
    }
}

/* What the leaves of a tensor's channels have in common. */
struct leaf_walk {
    const struct oct_network *network;
    int first, last; /* leaves; -1 before the first was met */
    bool uniform, contiguous;
};

/* Takes the leaves of channels [begin, end) in order; each once, however many channels it has. */
static void walk_leaves(struct leaf_walk *walk, int tensor, int begin, int end)
{
    const struct oct_tensor *tensors = walk->network->tensors, *t = &tensors[tensor];
    if (t->kind == OCT_TENSOR_SLICE) {
        walk_leaves(walk, t->parent, begin + t->offset, end + t->offset);
    } else if (t->kind == OCT_TENSOR_CONCAT) {
        for (int i = 0; i < t->member_count && end > 0; i++) {
            const int channels = tensors[t->members[i]].channels;
            if (begin < channels)
                walk_leaves(walk, t->members[i], begin, end < channels ? end : channels);
            begin = begin < channels ? 0 : begin - channels;
            end -= channels;
        }
    } else {
        const struct oct_tensor *first = &tensors[walk->first < 0 ? tensor : walk->first];
        if (walk->first < 0)
            walk->first = tensor;
        else if (tensors[walk->last].channels % 4) /* stored with padding behind it */
            walk->contiguous = false;
        if (!oct_same_quantization(t->quantization, first->quantization))
            walk->uniform = false;
        walk->last = tensor;
    }
}

bool oct_network_uniform(const struct oct_network *network, int tensor, int *leaf)
{
    struct leaf_walk walk = {network, -1, -1, true, true};
    walk_leaves(&walk, tensor, 0, network->tensors[tensor].channels);
    *leaf = walk.first;
    return walk.uniform;
}

bool oct_network_contiguous(const struct oct_network *network, int tensor)
{
    struct leaf_walk walk = {network, -1, -1, true, true};
    walk_leaves(&walk, tensor, 0, network->tensors[tensor].channels);
    return walk.contiguous;
}

int oct_network_shift(const struct oct_network *network, int tensor)
{
    return oct_network_resolve(network, tensor, 0).channel % 4;
}

int64_t oct_layer_weights(const struct oct_network *network, const struct oct_layer *layer)
{
    if (layer->operation != OCT_CONVOLUTION)
        return 0;
    return (int64_t)network->tensors[layer->output].channels *
           network->tensors[layer->input].channels * layer->kernel * layer->kernel;
}

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
