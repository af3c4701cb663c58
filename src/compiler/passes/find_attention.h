/* SPDX-License-Identifier: Apache-2.0 */
/* An attention in a graph, as it was found: softmax(factor * q k') v of what one convolution
 * gives. */
#ifndef OCTET_COMPILER_PASSES_FIND_ATTENTION_H
#define OCTET_COMPILER_PASSES_FIND_ATTENTION_H

#include "compiler/graph/graph.h"

struct oct_attention_search {
    const struct oct_graph *graph;
    struct oct_arena *arena; /* of what is found */
    const int *readers; /* by value: the one node that reads it; -1: none, or several things do */
    int64_t left;       /* elements that may still be traced, see oct_trace_elements() */
};

enum { OCT_QUERIES, OCT_KEYS, OCT_VALUES, OCT_ATTENTION_PARTS };

/* A group is a head in an area. */
struct oct_found_attention {
    int softmax, product;            /* nodes; the second is that with v */
    int base;                        /* value: what the convolution gives */
    int output;                      /* value, batch x channels x height x width */
    int inputs[OCT_ATTENTION_PARTS]; /* values: of the two products */
    bool transposed; /* the product is v times transposed weights, not weights times v */
    int64_t groups, pixels, key, value; /* pixels of an area; channels of a head */
    int64_t plane, heads, areas;        /* pixels of the picture */
    double factor;
    int roundings;                  /* on the way, which are left out */
    int *group_of;                  /* [area][head] */
    int *rows[OCT_ATTENTION_PARTS]; /* [channels]: of the base; -1: zeros */
    /* see oct_trace_elements(); `moved` of the output, from the product on */
    struct oct_array indices[OCT_ATTENTION_PARTS], moved;
};

/* `*good`: the softmax node is that of an attention that networks can have, which is written to
 * `*found`. */
octet_status oct_find_attention(struct oct_attention_search *search, int softmax,
                                struct oct_found_attention *found, bool *good);

#endif
