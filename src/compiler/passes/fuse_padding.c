/* SPDX-License-Identifier: Apache-2.0 */
/* Zeros around height and width become part of the convolutions and pools that read them. */
#include <string.h>

#include "compiler/graph/operators.h"
#include "compiler/passes/passes.h"

#define SIDE_MAX 1024 /* pixels: more than any kernel has */

/* Zeros above, left, below and right that a Pad adds to whole pictures; false: it does something
 * else. */
static bool zeros_of(const struct oct_graph *graph, const struct oct_node *pad, int64_t zeros[4])
{
    const struct oct_array *inputs[4] = {NULL};
    int64_t begin[OCT_RANK_MAX], end[OCT_RANK_MAX];
    float value;
    for (int i = 0; i < 4 && i < pad->input_count; i++)
        if (pad->inputs[i] >= 0)
            inputs[i] = &graph->values[pad->inputs[i]].array;
    if (!inputs[0] || inputs[0]->rank != 4 || inputs[0]->type != OCT_DATA_FLOAT ||
        !oct_padding_value(pad, inputs[2], &value) || value != 0.0f ||
        !oct_padding_of(graph, inputs[0], inputs[1], inputs[3], begin, end) || begin[0] ||
        begin[1] || end[0] || end[1])
        return false;
    for (int i = 0; i < 2; i++) {
        zeros[i] = begin[2 + i];
        zeros[2 + i] = end[2 + i];
    }
    return zeros[0] <= SIDE_MAX && zeros[1] <= SIDE_MAX && zeros[2] <= SIDE_MAX &&
           zeros[3] <= SIDE_MAX;
}

/* Whether a node reads zeros around its input as it reads the input. Padding of a pool's own is
 * another thing, and takes no part in a maximum. */
static bool takes_zeros(const struct oct_node *node)
{
    const char *mode = oct_node_string(node, "auto_pad", "NOTSET");
    const struct oct_attribute *pads = oct_node_attribute(node, "pads", OCT_ATTRIBUTE_INTS);
    if (strcmp(mode, "NOTSET") != 0 && strcmp(mode, "VALID") != 0 && mode[0])
        return false;
    if (node->op == OCT_OP_CONV)
        return true;
    if (node->op == OCT_OP_AVERAGE_POOL && oct_node_int(node, "count_include_pad", 0))
        return true;
    for (size_t i = 0; pads && i < pads->count; i++)
        if (pads->integers[i] != 0)
            return false;
    return node->op == OCT_OP_AVERAGE_POOL || node->op == OCT_OP_MAX_POOL;
}

/* The Pad before what `value` is: its node, or what puts it on a grid, which keeps zeros as they
 * are. `*fake` is that, or NULL. */
static struct oct_node *pad_before(const struct oct_graph *graph, int value, const int *uses,
                                   struct oct_node **fake)
{
    struct oct_node *node = oct_graph_producer(graph, value);
    *fake = NULL;
    if (node && node->op == OCT_OP_FAKE_QUANTIZE && uses[value] == 1) {
        *fake = node;
        node = oct_graph_producer(graph, node->inputs[0]);
    }
    return node && node->op == OCT_OP_PAD ? node : NULL;
}

/* Takes the nearest Pad before a reader's input; false: there is none that it could take. */
static bool take_padding(struct oct_graph *graph, struct oct_node *reader, int *uses)
{
    int64_t zeros[4];
    struct oct_node *fake, *pad = pad_before(graph, reader->inputs[0], uses, &fake);
    if (!pad || !zeros_of(graph, pad, zeros) || (fake && uses[fake->inputs[0]] != 1))
        return false;
    for (int i = 0; i < 4; i++)
        reader->zeros[i] += zeros[i];
    int *input = fake ? &fake->inputs[0] : &reader->inputs[0];
    uses[*input]--;
    *input = pad->inputs[0];
    uses[*input]++;
    if (fake)
        graph->values[reader->inputs[0]].array = graph->values[*input].array;
    oct_provenance_share(graph, pad);
    return true;
}

octet_status oct_fuse_padding(struct oct_import *import)
{
    struct oct_graph *graph = import->graph;
    int *uses;
    octet_status status = oct_graph_count_uses(graph, &uses);
    for (size_t n = 0; n < graph->node_count && !status; n++) {
        struct oct_node *node = &graph->nodes[n];
        bool reads = node->op == OCT_OP_CONV || node->op == OCT_OP_MAX_POOL ||
                     node->op == OCT_OP_AVERAGE_POOL;
        for (int i = 0; reads && i < 4; i++) /* one Pad on another, seldom */
            reads = takes_zeros(node) && take_padding(graph, node, uses);
    }
    oct_free(import->ctx, uses);
    return status ? status : oct_eliminate_dead(import);
}
