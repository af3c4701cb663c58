/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arithmetic between the picture and the first convolution. Ultralytics exports have none: their
 * input is 0 to 1. A division by 255 (or a product with 1/255) says that the file's input is 0 to
 * 255; octet's own is 0 to 1, so that it drops out. A mean that is subtracted does not fold into a
 * convolution with padding, whose border would have to hold the mean, and other factors say nothing
 * about the range that they expect: those are refused. Channels may be moved on the way.
 */
#include <math.h>
#include <string.h>

#include "compiler/passes/passes.h"

#define FACTOR_TOLERANCE 1e-4 /* relative; 1/255 in half precision is 1.6e-5 off */

/* What the nodes looked at so far make of the picture: channel c of `value` is factor[c] * x +
 * shift[c] of the input's channel source[c]. */
struct affine {
    int value;
    bool last; /* its channels are axis 3, else 1 */
    int source[OCT_PICTURE_CHANNELS];
    double factor[OCT_PICTURE_CHANNELS], shift[OCT_PICTURE_CHANNELS];
};

/* The operand of a binary node beside the value, when it is constant and one number or one for each
 * of three channels; or -1. */
static int other_operand(const struct oct_graph *graph, const struct oct_node *node,
                         const struct affine *affine)
{
    const int value = affine->value, from_last = affine->last ? 1 : 3;
    if (node->input_count != 2)
        return -1;
    const int other = node->inputs[node->inputs[0] == value ? 1 : 0];
    if (!oct_value_is_constant(graph, other))
        return -1;
    const struct oct_array *a = &graph->values[other].array;
    if (a->type != OCT_DATA_FLOAT || (a->count != 1 && a->count != 3))
        return -1;
    return a->count == 1 || (a->rank >= from_last && a->dims[a->rank - from_last] == 3) ? other
                                                                                        : -1;
}

/* Applies a node to `affine`; false when it is no such arithmetic. */
static bool apply(const struct oct_graph *graph, const struct oct_node *node, struct affine *affine)
{
    const int other = other_operand(graph, node, affine);
    const bool first = node->inputs[0] == affine->value;
    if (other < 0 || ((node->op == OCT_OP_DIV || node->op == OCT_OP_SUB) && !first))
        return false;
    const struct oct_array *a = &graph->values[other].array;
    for (size_t c = 0; c < 3; c++) {
        const double number = (double)oct_floats(a)[a->count == 3 ? c : 0];
        const double factor = node->op == OCT_OP_DIV   ? 1.0 / number
                              : node->op == OCT_OP_MUL ? number
                                                       : 1.0;
        if (!isfinite(factor) || !isfinite(number))
            return false;
        affine->factor[c] *= factor;
        affine->shift[c] *= factor;
        affine->shift[c] += node->op == OCT_OP_ADD ? number : node->op == OCT_OP_SUB ? -number : 0;
    }
    return true;
}

static bool is_arithmetic(const struct oct_node *node)
{
    return node->op == OCT_OP_DIV || node->op == OCT_OP_MUL || node->op == OCT_OP_ADD ||
           node->op == OCT_OP_SUB;
}

static struct oct_node *only_reader(struct oct_graph *graph, int value, const int *uses)
{
    for (size_t n = 0; n < graph->node_count && uses[value] == 1; n++)
        for (int i = 0; i < graph->nodes[n].input_count; i++)
            if (graph->nodes[n].inputs[i] == value)
                return &graph->nodes[n];
    return NULL;
}

static octet_status judge(const struct oct_graph *graph, const struct oct_node *last,
                          const struct affine *affine)
{
    for (int c = 0; c < 3; c++) {
        if (!(fabs(affine->shift[c]) <= FACTOR_TOLERANCE))
            return oct_node_fail(
                graph, last, OCTET_UNSUPPORTED_MODEL,
                "the graph subtracts a mean from its input (or adds to it): octet feeds 0 to 1 and "
                "cannot fold that into a padded convolution; export without normalisation");
        if (!(fabs(affine->factor[c] * 255.0 - 1.0) <= FACTOR_TOLERANCE) &&
            !(fabs(affine->factor[c] - 1.0) <= FACTOR_TOLERANCE))
            return oct_node_fail(
                graph, last, OCTET_UNSUPPORTED_MODEL,
                "the graph scales its input by %.6g, neither 1 nor 1/255: octet cannot know which "
                "range it expects; export without normalisation",
                affine->factor[c]);
        if (!(fabs(affine->factor[c] / affine->factor[0] - 1.0) <= FACTOR_TOLERANCE))
            return oct_node_fail(graph, last, OCTET_UNSUPPORTED_MODEL,
                                 "the graph scales the channels of its input differently");
    }
    return OCTET_OK;
}

/* Over all arithmetic and movement of channels; `*last` is the last arithmetic. */
static octet_status walk(struct oct_graph *graph, const int *uses, struct affine *affine,
                         struct oct_node **last)
{
    for (;;) {
        struct oct_node *node = only_reader(graph, affine->value, uses);
        if (node && is_arithmetic(node) && apply(graph, node, affine)) {
            *last = node;
            affine->value = node->outputs[0];
            continue;
        }
        const struct affine before = *affine;
        const octet_status status =
            oct_follow_channels(graph, &affine->value, &affine->last, affine->source);
        if (status || affine->value == before.value)
            return status;
        for (int c = 0; c < OCT_PICTURE_CHANNELS; c++)
            for (int from = 0; from < OCT_PICTURE_CHANNELS; from++)
                if (affine->source[c] == before.source[from]) {
                    affine->factor[c] = before.factor[from];
                    affine->shift[c] = before.shift[from];
                }
    }
}

static octet_status check_form(const struct oct_import *import, const struct affine *affine)
{
    if (affine->last)
        return oct_refuse_model(import, "its input is batch x height x width x 3, and no Transpose "
                                        "to batch x 3 x height x width follows it");
    if (import->is_bytes && !(affine->factor[0] < 0.5))
        return oct_refuse_model(import,
                                "its input is of type uint8 and no division by 255 follows it: "
                                "octet cannot know which range it expects");
    return OCTET_OK;
}

/* What octet's picture is not: a note, so that nobody wonders. */
static void report(const struct oct_import *import, const struct affine *affine)
{
    if (affine->factor[0] < 0.5)
        oct_log(import->ctx, OCTET_LOG_INFO,
                "%s: its input is 0 to 255, divided in the graph; octet feeds 0 to 1 without that",
                import->name);
    if (import->channels_last)
        oct_log(import->ctx, OCTET_LOG_INFO,
                "%s: its input has the channels last; octet's has them first", import->name);
    if (affine->source[0] != 0 || affine->source[1] != 1 || affine->source[2] != 2)
        oct_log(
            import->ctx, OCTET_LOG_WARNING,
            "%s: the graph takes its input's channels in the order %d, %d, %d; octet feeds it RGB "
            "all the same: if it is for BGR pictures, export it without that",
            import->name, affine->source[0], affine->source[1], affine->source[2]);
}

octet_status oct_normalize_input(struct oct_import *import)
{
    struct oct_graph *graph = import->graph;
    struct affine affine = {
        graph->inputs[0], import->channels_last, {0, 1, 2}, {1.0, 1.0, 1.0}, {0.0, 0.0, 0.0}};
    struct oct_node *last = NULL;
    int *uses;
    memcpy(import->imported->picture_order, affine.source, sizeof affine.source);
    octet_status status = oct_graph_count_uses(graph, &uses);
    if (!status)
        status = walk(graph, uses, &affine, &last);
    oct_free(import->ctx, uses);
    if (!status && last)
        status = judge(graph, last, &affine);
    if (!status)
        status = check_form(import, &affine);
    if (status || affine.value == graph->inputs[0])
        return status;
    memcpy(import->imported->picture_order, affine.source, sizeof affine.source);
    status = oct_restore_channels(graph, affine.value, affine.source);
    if (status)
        return status;
    for (size_t n = 0; n < graph->node_count; n++)
        for (int i = 0; i < graph->nodes[n].input_count; i++)
            if (graph->nodes[n].inputs[i] == affine.value)
                graph->nodes[n].inputs[i] = graph->inputs[0];
    oct_array_shape(&graph->values[graph->inputs[0]].array, OCT_DATA_FLOAT, 4,
                    graph->values[affine.value].array.dims);
    report(import, &affine);
    return oct_eliminate_dead(import);
}
