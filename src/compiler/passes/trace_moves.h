/* SPDX-License-Identifier: Apache-2.0 */
/* Where the elements of a value come from, through nodes that only move them: found by moving their
 * numbers, so that no order of Reshape, Transpose, Split and Slice has to be known. */
#ifndef OCTET_COMPILER_PASSES_TRACE_MOVES_H
#define OCTET_COMPILER_PASSES_TRACE_MOVES_H

#include "compiler/graph/graph.h"

#define OCT_TRACE_NODES_MAX 32

/* The way back from a value. */
struct oct_trace {
    int base;      /* the first value that a move, a factor or a rounding does not make */
    double factor; /* the product of the constants on the way */
    int roundings; /* on the way */
    int count;     /* nodes, from the value back */
    int nodes[OCT_TRACE_NODES_MAX];
    int outputs[OCT_TRACE_NODES_MAX]; /* of each: which one is on the way */
};

/* False where the way is too long. */
bool oct_trace_back(const struct oct_graph *graph, int value, struct oct_trace *trace);

/* The node is a multiplication with, or a division by, one constant number: `*value` is what it
 * takes, `*factor` is multiplied with the number. */
bool oct_is_scaling(const struct oct_graph *graph, const struct oct_node *node, int *value,
                    double *factor);

/*
 * `indices` takes the traced value's shape, and as integers the place of each of its elements among
 * those of the base; its data is to be freed with oct_free(), and NULL on failure or where the
 * shape is not known. `*left` elements may still be moved: with less than 0 of them nothing is.
 */
octet_status oct_trace_elements(const struct oct_graph *graph, const struct oct_trace *trace,
                                int64_t *left, struct oct_array *indices);

#endif
