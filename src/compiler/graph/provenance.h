/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a graph came from: the file's nodes as the file has them, and what the passes make of them.
 * A pass that takes a node into another writes down what it is to that; one that drops a node, or
 * makes a view of it, writes down which values are the same or share a scale. Values of the file
 * are the first of the graph's and keep their indices. Whoever writes back into the file reads this
 * and looks for nothing.
 */
#ifndef OCTET_COMPILER_GRAPH_PROVENANCE_H
#define OCTET_COMPILER_GRAPH_PROVENANCE_H

#include "base/memory.h"

struct oct_graph;
struct oct_node;

/* What a node of the file is to the layer that it became a part of. */
enum oct_role {
    OCT_ROLE_OPERATOR,   /* what the layer is: a convolution, a pool */
    OCT_ROLE_NORM,       /* a batch normalisation that went into its weights and bias */
    OCT_ROLE_AFFINE,     /* constants multiplied or added that went there */
    OCT_ROLE_ROUNDING,   /* puts what the part before it gives on a grid */
    OCT_ROLE_STEP,       /* computes something else on the way of an activation */
    OCT_ROLE_GATE,       /* what an activation multiplies its input with */
    OCT_ROLE_ACTIVATION, /* gives the activation's result */
    OCT_ROLE_SUM,        /* adds another tensor */
    OCT_ROLE_RESULT      /* moves what an attention gives to where others read it */
};

struct oct_part {
    enum oct_role role;
    int node;  /* by its place in the file */
    int value; /* that it gives: its first output in the file */
    int other; /* SUM: the value that it adds, as the file has it read; else -1 */
};

struct oct_file_node {
    const char *op_name, *name; /* as struct oct_node's */
    int input_count, output_count;
    const int *inputs, *outputs; /* values; -1: left out */
    struct oct_part part;        /* itself */
};

struct oct_provenance {
    int node_count, ordered_count, value_count;
    struct oct_file_node *nodes; /* by their place in the file */
    int *order; /* [ordered_count]: those that are no constants, in an order in which they run */
    int *same;  /* [value_count]: the value that each is, through what changes nothing; or itself */
    int *group; /* [value_count]: see groups.h: values that share a scale */
};

/* Makes room in a graph that has the file's values, and no other yet, for what `node_count` nodes
 * of the file are. */
octet_status oct_provenance_begin(struct oct_graph *graph, size_t node_count);

/* Writes down a node that stands at `place` in the file, and makes it the node's one part. */
octet_status oct_provenance_add(struct oct_graph *graph, size_t place, struct oct_node *node);

/* Keeps the order that the graph's nodes, which all are the file's own, have now. */
octet_status oct_provenance_order(struct oct_graph *graph);

/* `from`, with all that was taken into it, becomes a part of `into`: its own operator as `role`.
 * `other` is the value that a SUM adds, as the graph has it now; else -1. */
octet_status oct_provenance_take(struct oct_graph *graph, struct oct_node *into,
                                 const struct oct_node *from, enum oct_role role, int other);

/* `value` is `as`, which is no value's own `value`: a node between them changes nothing. They
 * share a scale. */
void oct_provenance_same(struct oct_graph *graph, int value, int as);

/* What a node that moves elements, or takes the largest of some, gives shares a scale with what it
 * takes them from: its inputs if it is a Concat, else its first one. */
void oct_provenance_share(struct oct_graph *graph, const struct oct_node *node);

/* The first part in that role, or NULL. */
const struct oct_part *oct_part_find(const struct oct_part *parts, int count, enum oct_role role);

#endif
