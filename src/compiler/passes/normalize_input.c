/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arithmetic between the picture and the first convolution. Ultralytics exports have none: their
 * input is 0 to 1. A division by 255 (or a product with 1/255) says that the file's input is 0 to
 * 255; octet's own is 0 to 1, so that it drops out. A mean that is subtracted does not fold into a
 * convolution with padding, whose border would have to hold the mean, and other factors say nothing
 * about the range that they expect: those are refused.
 */
#include <math.h>

#include "compiler/passes/passes.h"

#define FACTOR_TOLERANCE 1e-4 /* relative; 1/255 in half precision is 1.6e-5 off */

/* What the nodes looked at so far make of the picture: factor[c] * x + shift[c]. */
struct affine {
    double factor[3], shift[3];
};

/* The operand of a binary node beside `value`, when it is constant and one number or one for each
 * of three channels; or -1. */
static int other_operand(const struct oct_graph *graph, const struct oct_node *node, int value)
{
    if (node->input_count != 2)
        return -1;
    const int other = node->inputs[node->inputs[0] == value ? 1 : 0];
    if (!oct_value_is_constant(graph, other))
        return -1;
    const struct oct_array *a = &graph->values[other].array;
    if (a->type != OCT_DATA_FLOAT || (a->count != 1 && a->count != 3))
        return -1;
    return a->count == 1 || (a->rank >= 3 && a->dims[a->rank - 3] == 3) ? other : -1;
}

/* Applies a node to `affine`; false when it is no such arithmetic. */
static bool apply(const struct oct_graph *graph, const struct oct_node *node, int value,
                  struct affine *affine)
{
    const int other = other_operand(graph, node, value);
    const bool first = node->inputs[0] == value;
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

octet_status oct_normalize_input(struct oct_import *import)
{
    struct oct_graph *graph = import->graph;
    struct affine affine = {{1.0, 1.0, 1.0}, {0.0, 0.0, 0.0}};
    struct oct_node *last = NULL, *node;
    int *uses, value = graph->inputs[0];
    octet_status status = oct_graph_count_uses(graph, &uses);
    if (status)
        return status;
    while ((node = only_reader(graph, value, uses)) && is_arithmetic(node) &&
           apply(graph, node, value, &affine)) {
        last = node;
        last->removed = true;
        value = node->outputs[0];
    }
    oct_free(import->ctx, uses);
    if (!last)
        return OCTET_OK;
    status = judge(graph, last, &affine);
    if (status)
        return status;
    for (size_t n = 0; n < graph->node_count; n++)
        for (int i = 0; i < graph->nodes[n].input_count; i++)
            if (graph->nodes[n].inputs[i] == value)
                graph->nodes[n].inputs[i] = graph->inputs[0];
    if (affine.factor[0] < 0.5)
        oct_log(import->ctx, OCTET_LOG_INFO,
                "%s: its input is 0 to 255, divided in the graph; octet feeds 0 to 1 without that",
                import->name);
    return oct_graph_sort(graph);
}
