/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a graph, or a part of it, in plain float: constant folding, shapes, the probe of the
 * head, and tests. Slow, and bounded: a job that would take more memory or work than it is allowed
 * ends with OCTET_UNSUPPORTED_MODEL.
 */
#ifndef OCTET_COMPILER_GRAPH_INTERPRET_H
#define OCTET_COMPILER_GRAPH_INTERPRET_H

#include "compiler/graph/graph.h"

struct oct_limits {
    size_t bytes; /* that may be held at one time */
    /* elements read and written, multiply-adds of convolutions and matrix products */
    uint64_t work;
};

/* What a fixed value of the graph stands in for: its array, whose data the caller owns. */
struct oct_feed {
    int value;
    struct oct_array array;
};

struct oct_interpretation {
    const struct oct_feed *feeds; /* these values are not computed, nor is what only they need */
    size_t feed_count;
    const int *wanted;
    size_t wanted_count;
    struct oct_limits limits;
};

/*
 * Computes the wanted values. On success results[i].data is the caller's, to be freed with
 * oct_free(); on failure nothing is. Fails with OCTET_UNSUPPORTED_OPERATOR when a needed operator
 * cannot be run, OCTET_BAD_SHAPE when shapes do not fit, OCTET_BAD_FORMAT when an input that is not
 * fed is needed.
 */
octet_status oct_interpret(const struct oct_graph *graph, const struct oct_interpretation *job,
                           struct oct_array *results);

/*
 * Sets the types and shapes of all values from those of the graph's inputs and constants, and turns
 * what depends on constants and shapes only into constants; nodes whose outputs all became constant
 * are removed.
 */
octet_status oct_graph_fold(struct oct_graph *graph, struct oct_limits limits);

/* The same for one node; what it costs is taken from `*left`. */
octet_status oct_graph_fold_node(struct oct_graph *graph, size_t node, struct oct_limits *left);

/*
 * `computable` is indexed by value and holds true for those that will be fed; sets it for all
 * others that the interpreter knows how to compute from these and from constants.
 */
void oct_graph_computable(const struct oct_graph *graph, bool *computable);

#endif
