/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Activations spelled out in elementwise operators, in whatever way: known by the values that they
 * give. GELU by Erf or Tanh, x * Clip(x + 3, 0, 6) / 6, Max(x, 0.1 x), and the operators that are
 * activations by themselves.
 */
#include "compiler/passes/activation_chain.h"

#include <math.h>

#include "compiler/graph/operators.h"

/* From -8 to 8, 0 among them: there every two activations differ by more than the tolerance. */
enum { POINTS = 65 };

/* Of |activation|; formulas round their constants, as sqrt(2) or 1/6, to 6 digits or more. */
#define TOLERANCE 4e-6f

/* Where a LeakyReLU's slope is taken: a power of 2, by which floats are divided exactly. */
enum { SLOPE_POINT = 16 };

static float point(int i)
{
    return 0.25f * (float)(i - POINTS / 2);
}

static bool is_elementwise(enum oct_operator op)
{
    switch (op) {
    case OCT_OP_ADD:
    case OCT_OP_CLIP:
    case OCT_OP_DIV:
    case OCT_OP_ERF:
    case OCT_OP_GELU:
    case OCT_OP_HARD_SIGMOID:
    case OCT_OP_HARD_SWISH:
    case OCT_OP_LEAKY_RELU:
    case OCT_OP_MAX:
    case OCT_OP_MIN:
    case OCT_OP_MUL:
    case OCT_OP_NEG:
    case OCT_OP_POW:
    case OCT_OP_RELU:
    case OCT_OP_SIGMOID:
    case OCT_OP_SUB:
    case OCT_OP_SWISH:
    case OCT_OP_TANH:
        return true;
    default:
        return false;
    }
}

/* ---- the nodes ---- */

static bool is_in(const struct oct_activation_chain *chain, int node)
{
    for (int i = 0; i < chain->count; i++)
        if (chain->nodes[i] == node)
            return true;
    return false;
}

/* Takes the node in, before all that it reads; true where that is one value and numbers. */
static bool take(const struct oct_graph *graph, int node, struct oct_activation_chain *chain)
{
    const struct oct_node *n = &graph->nodes[node];
    if (is_in(chain, node))
        return true;
    if (chain->count == OCT_ACTIVATION_NODES_MAX || n->output_count != 1)
        return false;
    chain->nodes[chain->count++] = node;
    for (int i = 0; i < n->input_count; i++) {
        const int value = n->inputs[i];
        if (value < 0)
            continue;
        const struct oct_array *array = &graph->values[value].array;
        const struct oct_node *producer = oct_graph_producer(graph, value);
        if (array->data) {
            if (array->count != 1)
                return false;
            continue;
        }
        if (producer && value != chain->input && is_elementwise(producer->op)) {
            if (!take(graph, (int)(producer - graph->nodes), chain))
                return false;
            continue;
        }
        if (chain->input >= 0 && chain->input != value)
            return false;
        chain->input = value;
    }
    return true;
}

/* How often the chain's nodes read a value. */
static int count_reads(const struct oct_graph *graph, const struct oct_activation_chain *chain,
                       int value)
{
    int reads = 0;
    for (int i = 0; i < chain->count; i++) {
        const struct oct_node *node = &graph->nodes[chain->nodes[i]];
        for (int k = 0; k < node->input_count; k++)
            reads += node->inputs[k] == value;
    }
    return reads;
}

static bool is_closed(const struct oct_graph *graph, const struct oct_activation_chain *chain,
                      const int *uses)
{
    for (int i = 1; i < chain->count; i++) {
        const int value = graph->nodes[chain->nodes[i]].outputs[0];
        if (uses[value] != count_reads(graph, chain, value))
            return false;
    }
    return uses[chain->input] == count_reads(graph, chain, chain->input);
}

/* In an order in which they run, which is that of the graph; the last one gives the result. */
static void sort(struct oct_activation_chain *chain)
{
    for (int i = 1; i < chain->count; i++) {
        const int node = chain->nodes[i];
        int at = i;
        for (; at > 0 && chain->nodes[at - 1] > node; at--)
            chain->nodes[at] = chain->nodes[at - 1];
        chain->nodes[at] = node;
    }
}

/* ---- the values ---- */

struct computing {
    const struct oct_graph *graph;
    const struct oct_activation_chain *chain;
    float values[OCT_ACTIVATION_NODES_MAX + 1][POINTS]; /* of the input, and of each node */
    struct oct_array arrays[OCT_ACTIVATION_NODES_MAX + 1];
};

static const struct oct_array *array_of(const struct computing *c, int value)
{
    if (value < 0)
        return NULL;
    if (value == c->chain->input)
        return &c->arrays[0];
    for (int i = 0; i < c->chain->count; i++)
        if (c->graph->nodes[c->chain->nodes[i]].outputs[0] == value)
            return &c->arrays[i + 1];
    return &c->graph->values[value].array;
}

static bool compute_node(struct computing *c, int index)
{
    enum { INPUTS_MAX = 8 };
    const struct oct_node *node = &c->graph->nodes[c->chain->nodes[index]];
    const struct oct_operator_info *info = oct_operator_info(node->op);
    const struct oct_array *inputs[INPUTS_MAX];
    struct oct_array *output = &c->arrays[index + 1];
    struct oct_call call = {c->graph, node, inputs, output};
    *output = (struct oct_array){.type = OCT_DATA_UNKNOWN};
    if (node->input_count > INPUTS_MAX || node->input_count < info->inputs_min)
        return false;
    for (int i = 0; i < node->input_count; i++) {
        inputs[i] = array_of(c, node->inputs[i]);
        if (inputs[i] ? !inputs[i]->data : i < info->inputs_min)
            return false;
    }
    if (info->infer(&call) || output->type != OCT_DATA_FLOAT || output->count != POINTS)
        return false;
    output->data = c->values[index + 1];
    return !info->evaluate(&call);
}

static bool is_activation(enum oct_activation activation, float slope, const float *values)
{
    for (int i = 0; i < POINTS; i++) {
        const float off = values[i] - oct_activation_value(activation, slope, point(i));
        if (!(fabsf(off) <= TOLERANCE * (1.0f + fabsf(point(i)))))
            return false;
    }
    return true;
}

/* What the chain computes. */
static bool recognise(const struct oct_graph *graph, struct oct_activation_chain *chain)
{
    static const int64_t dims[] = {1, 1, 1, POINTS};
    struct computing c = {.graph = graph, .chain = chain};
    oct_array_shape(&c.arrays[0], OCT_DATA_FLOAT, 4, dims);
    c.arrays[0].data = c.values[0];
    for (int i = 0; i < POINTS; i++)
        c.values[0][i] = point(i);
    for (int i = 0; i < chain->count; i++)
        if (!compute_node(&c, i))
            return false;
    const float *values = c.values[chain->count];
    const float slope = values[SLOPE_POINT] / point(SLOPE_POINT);
    for (int a = OCT_ACTIVATION_SILU; a < OCT_ACTIVATION_COUNT; a++) {
        const bool sloped = oct_activation_row((enum oct_activation)a)->has_slope;
        if ((sloped && !(slope > 0.0f && slope < 1.0f)) ||
            !is_activation((enum oct_activation)a, slope, values))
            continue;
        chain->activation = (enum oct_activation)a;
        chain->slope = sloped ? slope : 0.0f;
        return true;
    }
    return false;
}

bool oct_activation_chain_find(const struct oct_graph *graph, int node, const int *uses,
                               struct oct_activation_chain *chain)
{
    *chain = (struct oct_activation_chain){.input = -1};
    if (!is_elementwise(graph->nodes[node].op) || !take(graph, node, chain) || chain->input < 0 ||
        !is_closed(graph, chain, uses))
        return false;
    sort(chain);
    return chain->nodes[chain->count - 1] == node && recognise(graph, chain);
}

bool oct_activation_of(const struct oct_graph *graph, int node, struct oct_activation_chain *chain)
{
    const struct oct_node *n = &graph->nodes[node];
    *chain = (struct oct_activation_chain){.nodes = {node}, .count = 1, .input = -1};
    for (int i = 0; i < n->input_count; i++) {
        const int value = n->inputs[i];
        if (value < 0 || oct_value_is_constant(graph, value))
            continue;
        if (chain->input >= 0 && chain->input != value)
            return false;
        chain->input = value;
    }
    return is_elementwise(n->op) && chain->input >= 0 && recognise(graph, chain);
}
