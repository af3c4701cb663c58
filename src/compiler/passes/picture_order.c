/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channels that are moved between the picture and the first convolution: channels last made
 * channels first, blue and red exchanged by Split, Slice or Gather. What is read from the picture
 * in another order is a convolution with its input channels in another order.
 */
#include <string.h>

#include "compiler/graph/operators.h"
#include "compiler/passes/passes.h"

/* Which channel of the picture each channel of a value is, where a value is nothing but that. */
struct order {
    bool known, last; /* last: channels are axis 3, else 1 */
    int count, channels[2 * OCT_PICTURE_CHANNELS];
};

/* The constant integers of a node's input, or attribute of that name; `count` 0: none. */
static const int64_t *integers_of(const struct oct_graph *graph, const struct oct_node *node,
                                  int index, const char *name, size_t *count)
{
    const struct oct_attribute *attribute =
        name ? oct_node_attribute(node, name, OCT_ATTRIBUTE_INTS) : NULL;
    const int value = index < node->input_count ? node->inputs[index] : -1;
    *count = attribute ? attribute->count : 0;
    if (value < 0 || graph->values[value].array.type != OCT_DATA_INT ||
        !graph->values[value].array.data)
        return attribute ? attribute->integers : NULL;
    *count = graph->values[value].array.count;
    return oct_ints(&graph->values[value].array);
}

/* Every `step`-th channel from `first` on, `count` of them. */
static struct order part_of(const struct order *from, int64_t first, int64_t step, int64_t count)
{
    struct order part = {.last = from->last};
    if (count < 1 || count > from->count)
        return part;
    for (int64_t i = 0, c = first; i < count; i++, c += step) {
        if (c < 0 || c >= from->count)
            return part;
        part.channels[part.count++] = from->channels[c];
    }
    part.known = true;
    return part;
}

static int channel_axis(const struct order *order)
{
    return order->last ? 3 : 1;
}

static void follow_transpose(const struct oct_node *node, const struct order *from,
                             struct order *to)
{
    static const int64_t to_first[] = {0, 3, 1, 2}, to_last[] = {0, 2, 3, 1};
    const struct oct_attribute *perm = oct_node_attribute(node, "perm", OCT_ATTRIBUTE_INTS);
    const int64_t *wanted = from->last ? to_first : to_last;
    *to = *from;
    to->last = !from->last;
    to->known = perm && perm->count == 4 && memcmp(perm->integers, wanted, sizeof to_first) == 0;
}

static void follow_gather(const struct oct_graph *graph, const struct oct_node *node,
                          const struct order *from, struct order *to)
{
    int axis;
    size_t count;
    const int64_t *indices = integers_of(graph, node, 1, NULL, &count);
    *to = (struct order){.last = from->last};
    if (!indices || graph->values[node->inputs[1]].array.rank != 1 ||
        !oct_axis(oct_node_int(node, "axis", 0), 4, &axis) || axis != channel_axis(from) ||
        count < 1 || count > sizeof to->channels / sizeof to->channels[0])
        return;
    for (size_t i = 0; i < count; i++) {
        const int64_t index = indices[i] < 0 ? indices[i] + from->count : indices[i];
        if (index < 0 || index >= from->count)
            return;
        to->channels[to->count++] = from->channels[index];
    }
    to->known = true;
}

static void follow_slice(const struct oct_graph *graph, const struct oct_node *node,
                         const struct order *from, struct order *to)
{
    size_t count, axis_count, step_count;
    int axis = 0;
    const int64_t *starts = integers_of(graph, node, 1, "starts", &count);
    const int64_t *axes = integers_of(graph, node, 3, "axes", &axis_count);
    const int64_t *steps = integers_of(graph, node, 4, NULL, &step_count);
    const struct oct_array *output = &graph->values[node->outputs[0]].array;
    *to = (struct order){.last = from->last};
    if (!starts || count != 1 || (axes && axis_count != 1) || (steps && step_count != 1) ||
        !oct_axis(axes ? axes[0] : 0, 4, &axis) || axis != channel_axis(from) ||
        output->type != OCT_DATA_FLOAT || output->rank != 4)
        return;
    const int64_t first = starts[0] < 0 ? starts[0] + from->count : starts[0];
    const int64_t last = from->count - 1;
    *to = part_of(from,
                  first < 0      ? 0
                  : first > last ? last
                                 : first,
                  steps ? steps[0] : 1, output->dims[axis]);
}

static void follow_split(const struct oct_graph *graph, const struct oct_node *node,
                         const struct order *from, struct order *orders)
{
    int axis;
    int64_t first = 0;
    if (!oct_axis(oct_node_int(node, "axis", 0), 4, &axis) || axis != channel_axis(from))
        return;
    for (int i = 0; i < node->output_count; i++) {
        const int value = node->outputs[i];
        if (value < 0 || graph->values[value].array.type != OCT_DATA_FLOAT)
            return;
        const int64_t channels = graph->values[value].array.dims[axis];
        orders[value] = part_of(from, first, 1, channels);
        first += channels;
    }
}

static void follow_concat(const struct oct_node *node, const struct order *orders, struct order *to)
{
    int axis;
    *to = orders[node->inputs[0]];
    to->known = false;
    to->count = 0;
    if (!oct_axis(oct_node_int(node, "axis", 0), 4, &axis) || axis != channel_axis(to))
        return;
    for (int i = 0; i < node->input_count; i++) {
        const struct order *from = node->inputs[i] >= 0 ? &orders[node->inputs[i]] : NULL;
        const int room = (int)(sizeof to->channels / sizeof to->channels[0]) - to->count;
        if (!from || !from->known || from->last != to->last || from->count > room)
            return;
        memcpy(to->channels + to->count, from->channels, sizeof(int) * (size_t)from->count);
        to->count += from->count;
    }
    to->known = true;
}

/* Sets the orders of a node's outputs, where its input's is known and it only moves channels. */
static void follow(const struct oct_graph *graph, const struct oct_node *node, struct order *orders)
{
    const struct order *from =
        node->input_count > 0 && node->inputs[0] >= 0 ? &orders[node->inputs[0]] : NULL;
    struct order *to = node->outputs[0] >= 0 ? &orders[node->outputs[0]] : NULL;
    if (!from || !to || !from->known)
        return;
    if (node->op == OCT_OP_TRANSPOSE)
        follow_transpose(node, from, to);
    else if (node->op == OCT_OP_GATHER)
        follow_gather(graph, node, from, to);
    else if (node->op == OCT_OP_SLICE)
        follow_slice(graph, node, from, to);
    else if (node->op == OCT_OP_SPLIT)
        follow_split(graph, node, from, orders);
    else if (node->op == OCT_OP_CONCAT)
        follow_concat(node, orders, to);
}

/* The one value of known order that others than the movements read; -1: none, or several. */
static int find_end(const struct oct_graph *graph, const struct order *orders)
{
    int end = -1;
    for (size_t n = 0; n < graph->node_count; n++) {
        const struct oct_node *node = &graph->nodes[n];
        if (node->outputs[0] >= 0 && orders[node->outputs[0]].known)
            continue;
        for (int i = 0; i < node->input_count; i++) {
            const int value = node->inputs[i];
            if (value < 0 || !orders[value].known || value == end)
                continue;
            if (end >= 0)
                return -1;
            end = value;
        }
    }
    for (int i = 0; i < graph->output_count; i++)
        if (orders[graph->outputs[i]].known)
            return -1;
    return end;
}

/* The nodes that were followed, which drop out: what each of them takes channels out of, or puts
 * together, is the picture in one scale. */
static void share_followed(struct oct_graph *graph, const struct order *orders)
{
    for (size_t n = 0; n < graph->node_count; n++) {
        const struct oct_node *node = &graph->nodes[n];
        const bool parts =
            node->op == OCT_OP_CONCAT || node->op == OCT_OP_SPLIT || node->op == OCT_OP_SLICE;
        if (parts && node->outputs[0] >= 0 && orders[node->outputs[0]].known)
            oct_provenance_share(graph, node);
    }
}

octet_status oct_follow_channels(struct oct_graph *graph, int *value, bool *last,
                                 int source[OCT_PICTURE_CHANNELS])
{
    struct order *orders = oct_calloc(graph->ctx, graph->value_count, sizeof *orders);
    if (!orders)
        return oct_fail_memory(graph->ctx, "the graph");
    struct order *from = &orders[*value];
    *from = (struct order){true, *last, OCT_PICTURE_CHANNELS, {0}};
    memcpy(from->channels, source, OCT_PICTURE_CHANNELS * sizeof *source);
    for (size_t n = 0; n < graph->node_count; n++)
        follow(graph, &graph->nodes[n], orders);
    const int end = find_end(graph, orders);
    if (end >= 0 && orders[end].count == OCT_PICTURE_CHANNELS) {
        *value = end;
        *last = orders[end].last;
        memcpy(source, orders[end].channels, OCT_PICTURE_CHANNELS * sizeof *source);
        share_followed(graph, orders);
    }
    oct_free(graph->ctx, orders);
    return OCTET_OK;
}

/* The convolution's weights for the picture's own channels: input channel c was source[c]. */
static octet_status reorder_weights(struct oct_graph *graph, struct oct_node *conv,
                                    const int *source)
{
    const int old = conv->inputs[1];
    struct oct_array weights = graph->values[old].array;
    const float *from = oct_floats(&weights);
    const int added = oct_graph_add_value(graph, graph->values[old].name);
    weights.data = oct_arena_calloc(&graph->arena, weights.count, sizeof(float));
    int *inputs = oct_graph_indices(graph, (size_t)conv->input_count);
    if (added < 0 || !weights.data || !inputs)
        return oct_fail_memory(graph->ctx, "reordered weights");
    const size_t taps = oct_array_extent(&weights, 2, 4), outputs = (size_t)weights.dims[0];
    for (size_t n = 0; n < outputs; n++, from += OCT_PICTURE_CHANNELS * taps) {
        float *to = oct_floats(&weights) + n * OCT_PICTURE_CHANNELS * taps;
        for (size_t c = 0; c < OCT_PICTURE_CHANNELS; c++)
            for (size_t t = 0; t < taps; t++)
                to[(size_t)source[c] * taps + t] += from[c * taps + t];
    }
    graph->values[added] = graph->values[old];
    graph->values[added].array = weights;
    memcpy(inputs, conv->inputs, (size_t)conv->input_count * sizeof *inputs);
    inputs[1] = added;
    conv->inputs = inputs;
    return OCTET_OK;
}

static bool takes_weights_for(const struct oct_graph *graph, const struct oct_node *node,
                              const bool *moved)
{
    const struct oct_array *weights =
        node->op == OCT_OP_CONV ? &graph->values[node->inputs[1]].array : NULL;
    return weights && weights->data && weights->type == OCT_DATA_FLOAT && weights->rank == 4 &&
           weights->dims[1] == OCT_PICTURE_CHANNELS && moved[node->inputs[0]];
}

/* `moved`, by value: the picture in another order, quantised or not. */
static octet_status restore(struct oct_graph *graph, const int *source, bool *moved)
{
    octet_status status = OCTET_OK;
    const size_t value_count = graph->value_count; /* values that are added are weights */
    for (size_t n = 0; n < graph->node_count && !status; n++) {
        struct oct_node *node = &graph->nodes[n];
        bool reads = false;
        for (int i = 0; i < node->input_count; i++)
            reads = reads || (node->inputs[i] >= 0 && (size_t)node->inputs[i] < value_count &&
                              moved[node->inputs[i]]);
        if (!reads)
            continue;
        if (node->op == OCT_OP_FAKE_QUANTIZE)
            moved[node->outputs[0]] = true;
        else if (takes_weights_for(graph, node, moved))
            status = reorder_weights(graph, node, source);
        else
            status = oct_node_fail(graph, node, OCTET_UNSUPPORTED_OPERATOR,
                                   "it reads the picture with its channels in another order, "
                                   "which only convolutions may");
    }
    return status;
}

octet_status oct_restore_channels(struct oct_graph *graph, int value,
                                  const int source[OCT_PICTURE_CHANNELS])
{
    if (source[0] == 0 && source[1] == 1 && source[2] == 2)
        return OCTET_OK;
    bool *moved = oct_calloc(graph->ctx, graph->value_count, sizeof *moved);
    if (!moved)
        return oct_fail_memory(graph->ctx, "the graph");
    moved[value] = true;
    const octet_status status = restore(graph, source, moved);
    oct_free(graph->ctx, moved);
    return status;
}
