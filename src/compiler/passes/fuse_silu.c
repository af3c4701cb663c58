/* SPDX-License-Identifier: Apache-2.0 */
/* x * sigmoid(x) becomes part of the convolution that makes x. */
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

/* The sigmoid of a SiLU, and how the file rounds it. */
struct gate {
    struct oct_node *sigmoid, *fake;
};

/* For y = x * sigmoid(x), as Mul and Sigmoid or as Swish: x and, for Mul, the Sigmoid node; -1 when
 * it is not that. */
static int silu_input(const struct oct_graph *graph, const struct oct_node *node, const int *uses,
                      struct gate *found)
{
    *found = (struct gate){NULL, NULL};
    if (node->op == OCT_OP_SWISH)
        return oct_node_float(node, "alpha", 1.0f) == 1.0f && uses[node->inputs[0]] == 1
                   ? node->inputs[0]
                   : -1;
    if (node->op != OCT_OP_MUL)
        return -1;
    for (int i = 0; i < 2; i++) {
        struct oct_node *fake;
        struct oct_node *gate = behind_grid(graph, node->inputs[1 - i], 1, uses, &fake);
        if (gate && gate->op == OCT_OP_SIGMOID && gate->inputs[0] == node->inputs[i] &&
            uses[node->inputs[i]] == 2 && uses[node->inputs[1 - i]] == 1) {
            *found = (struct gate){gate, fake};
            return node->inputs[i];
        }
    }
    return -1;
}

/* `activation` gives the result; `fake`, or NULL, rounds what the convolution gives. */
static octet_status take_parts(struct oct_graph *graph, struct oct_node *conv,
                               const struct oct_node *fake, const struct gate *gate,
                               const struct oct_node *activation)
{
    const struct {
        const struct oct_node *node;
        enum oct_role role;
    } parts[] = {{fake, OCT_ROLE_ROUNDING},
                 {gate->sigmoid, OCT_ROLE_GATE},
                 {gate->fake, OCT_ROLE_ROUNDING},
                 {activation, OCT_ROLE_ACTIVATION}};
    octet_status status = OCTET_OK;
    for (size_t i = 0; i < sizeof parts / sizeof *parts && !status; i++)
        if (parts[i].node)
            status = oct_provenance_take(graph, conv, parts[i].node, parts[i].role, -1);
    return status;
}

octet_status oct_fuse_silu(struct oct_import *import)
{
    struct oct_graph *graph = import->graph;
    int *uses;
    octet_status status = oct_graph_count_uses(graph, &uses);
    for (size_t n = 0; n < graph->node_count && !status; n++) {
        struct oct_node *node = &graph->nodes[n], *fake = NULL;
        struct gate gate;
        int x = silu_input(graph, node, uses, &gate);
        struct oct_node *conv =
            x < 0 ? NULL : behind_grid(graph, x, gate.sigmoid ? 2 : 1, uses, &fake);
        if (!conv || conv->op != OCT_OP_CONV || conv->silu || conv->input_count > 3 ||
            conv->outputs[0] != (fake ? fake->inputs[0] : x))
            continue;
        conv->silu = true;
        if (fake) {
            conv->sum_grid = fake->grid;
            conv->rounded = fake->inputs[0];
            fake->removed = true;
        }
        if (gate.fake) {
            import->imported->left_float += !fake; /* rounding floats is no function of codes */
            conv->gate_grid = gate.fake->grid;
            gate.fake->removed = true;
        }
        conv->outputs[0] = node->outputs[0];
        node->removed = true;
        if (gate.sigmoid)
            gate.sigmoid->removed = true;
        status = take_parts(graph, conv, fake, &gate, node);
    }
    oct_free(import->ctx, uses);
    return status ? status : oct_graph_sort(graph);
}
