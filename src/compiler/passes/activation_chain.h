/* SPDX-License-Identifier: Apache-2.0 */
/* An activation as a file has it: elementwise operators, numbers, and one value that they read. */
#ifndef OCTET_COMPILER_PASSES_ACTIVATION_CHAIN_H
#define OCTET_COMPILER_PASSES_ACTIVATION_CHAIN_H

#include "compiler/graph/graph.h"

#define OCT_ACTIVATION_NODES_MAX 12

struct oct_activation_chain {
    int input;                                  /* value */
    int count, nodes[OCT_ACTIVATION_NODES_MAX]; /* in the graph's order: the last one gives it */
    enum oct_activation activation;
    float slope;
};

/* Whether the node ends an activation: what is between its input and it nobody else reads, the
 * input included. */
bool oct_activation_chain_find(const struct oct_graph *graph, int node, const int *uses,
                               struct oct_activation_chain *chain);

/* Whether the node is an activation by itself, whoever else reads its input. */
bool oct_activation_of(const struct oct_graph *graph, int node, struct oct_activation_chain *chain);

#endif
