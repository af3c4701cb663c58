/* SPDX-License-Identifier: Apache-2.0 */
/* What views of a network's tensors are made of. */
#include "network/network.h"

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

int oct_layer_border(const struct oct_layer *layer)
{
    const bool is_read = layer->operation == OCT_CONVOLUTION ||
                         layer->operation == OCT_WINDOW_MEAN ||
                         (layer->operation == OCT_WINDOW_MAX && layer->zeros);
    const int end = layer->padding + layer->uneven;
    return !is_read ? 0 : end > layer->padding ? end : layer->padding;
}

int oct_layer_depth(const struct oct_network *network, const struct oct_layer *layer)
{
    return oct_is_depthwise(layer) ? 1 : network->tensors[layer->input].channels;
}

struct oct_head_channels oct_attention_channels(const struct oct_network *network,
                                                const struct oct_layer *layer)
{
    const struct oct_tensor *tensors = network->tensors;
    const int *parts = tensors[layer->input].members;
    return (struct oct_head_channels){tensors[parts[0]].channels / layer->heads,
                                      tensors[parts[2]].channels / layer->heads};
}

int64_t oct_layer_weights(const struct oct_network *network, const struct oct_layer *layer)
{
    if (layer->operation != OCT_CONVOLUTION)
        return 0;
    return (int64_t)network->tensors[layer->output].channels * oct_layer_depth(network, layer) *
           layer->kernel * layer->kernel;
}
