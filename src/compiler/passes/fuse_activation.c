/* SPDX-License-Identifier: Apache-2.0 */
/* x * sigmoid(x), and other activations, become part of the convolution that makes x. */
#include <math.h>

#include "compiler/passes/activation_chain.h"
#include "compiler/passes/passes.h"

/* The node that makes `value`; where that puts another one on a grid for this reader alone, it goes
 * to `*fake` and the other one's producer is returned. */
static struct oct_node *behind_grid(const struct oct_graph *graph, int value, int readers,
                                    const int *uses, struct oct_node **fake)
{
    struct oct_node *node = oct_graph_producer(graph, value);
    *fake = NULL;
    if (!node || node->op != OCT_OP_FAKE_QUANTIZE || uses[value] != readers)
        return node;
    *fake = node;
    return uses[node->inputs[0]] == 1 ? oct_graph_producer(graph, node->inputs[0]) : NULL;
}

/* What an activation multiplies its input with, and how the file rounds that. */
struct gate {
    struct oct_node *node, *fake;
};

/* What a product with that gate is. */
static enum oct_activation gated_by(const struct oct_node *gate)
{
    if (gate->op == OCT_OP_SIGMOID)
        return OCT_ACTIVATION_SILU;
    if (gate->op != OCT_OP_HARD_SIGMOID)
        return OCT_ACTIVATION_NONE;
    const float alpha = oct_node_float(gate, "alpha", 0.2f);
    const float beta = oct_node_float(gate, "beta", 0.5f);
    return fabsf(alpha - 1.0f / 6.0f) < 1e-6f && beta == 0.5f ? OCT_ACTIVATION_HARDSWISH
                                                              : OCT_ACTIVATION_NONE;
}

/* x * gate(x), where the file may round x and the gate. */
static bool find_product(const struct oct_graph *graph, int index, const int *uses,
                         struct oct_activation_chain *chain, struct gate *found)
{
    const struct oct_node *node = &graph->nodes[index];
    for (int i = 0; i < 2 && node->op == OCT_OP_MUL; i++) {
        struct oct_node *fake;
        struct oct_node *gate = behind_grid(graph, node->inputs[1 - i], 1, uses, &fake);
        const enum oct_activation activation = gate ? gated_by(gate) : OCT_ACTIVATION_NONE;
        if (activation && gate->inputs[0] == node->inputs[i] && uses[node->inputs[i]] == 2 &&
            uses[node->inputs[1 - i]] == 1) {
            *found = (struct gate){gate, fake};
            *chain = (struct oct_activation_chain){
                .input = node->inputs[i], .count = 1, .nodes = {index}, .activation = activation};
            return true;
        }
    }
    return false;
}

/* `fake`, or NULL, rounds what the convolution gives. */
static octet_status take_parts(struct oct_graph *graph, struct oct_node *conv,
                               const struct oct_node *fake, const struct gate *gate,
                               const struct oct_activation_chain *chain)
{
    const struct {
        const struct oct_node *node;
        enum oct_role role;
    } parts[] = {
        {fake, OCT_ROLE_ROUNDING}, {gate->node, OCT_ROLE_GATE}, {gate->fake, OCT_ROLE_ROUNDING}};
    octet_status status = OCTET_OK;
    for (size_t i = 0; i < sizeof parts / sizeof *parts && !status; i++)
        if (parts[i].node)
            status = oct_provenance_take(graph, conv, parts[i].node, parts[i].role, -1);
    for (int i = 0; i < chain->count && !status; i++)
        status =
            oct_provenance_take(graph, conv, &graph->nodes[chain->nodes[i]],
                                i + 1 < chain->count ? OCT_ROLE_STEP : OCT_ROLE_ACTIVATION, -1);
    return status;
}

/* Puts an activation that was found into the convolution behind it, if there is one that it alone
 * reads. */
static octet_status fuse(struct oct_import *import, const struct oct_activation_chain *chain,
                         const struct gate *gate, const int *uses)
{
    struct oct_graph *graph = import->graph;
    const int x = chain->input, result = graph->nodes[chain->nodes[chain->count - 1]].outputs[0];
    struct oct_node *fake = NULL;
    struct oct_node *conv = behind_grid(graph, x, uses[x], uses, &fake);
    if (!conv || conv->op != OCT_OP_CONV || conv->activation || conv->input_count > 3 ||
        conv->outputs[0] != (fake ? fake->inputs[0] : x) || result < 0)
        return OCTET_OK;
    conv->activation = chain->activation;
    conv->slope = chain->slope;
    if (fake) {
        conv->sum_grid = fake->grid;
        conv->rounded = fake->inputs[0];
        fake->removed = true;
    }
    if (gate->fake) {
        import->imported->left_float += !fake; /* rounding floats is no function of codes */
        conv->gate_grid = gate->fake->grid;
        gate->fake->removed = true;
    }
    if (gate->node)
        gate->node->removed = true;
    for (int i = 0; i < chain->count; i++)
        graph->nodes[chain->nodes[i]].removed = true;
    conv->outputs[0] = result;
    return take_parts(graph, conv, fake, gate, chain);
}

octet_status oct_fuse_activation(struct oct_import *import)
{
    struct oct_graph *graph = import->graph;
    int *uses;
    octet_status status = oct_graph_count_uses(graph, &uses);
    for (int n = 0; n < (int)graph->node_count && !status; n++) {
        struct oct_activation_chain chain;
        struct gate gate = {NULL, NULL};
        if (find_product(graph, n, uses, &chain, &gate) ||
            oct_activation_chain_find(graph, n, uses, &chain))
            status = fuse(import, &chain, &gate, uses);
    }
    oct_free(import->ctx, uses);
    return status ? status : oct_graph_sort(graph);
}
