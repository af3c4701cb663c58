/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the layers of a network lie in the model's own graph, and which values of that graph share
 * a scale, as the passes wrote it down: what both export formats are written from.
 */
#ifndef OCTET_COMPILER_EXPORT_PLACEMENT_H
#define OCTET_COMPILER_EXPORT_PLACEMENT_H

#include "compiler/graph/graph.h"
#include "compiler/graph/imported.h"

/* A model whose file is open. */
struct oct_placed_model {
    const struct oct_graph *graph;       /* of the file, for its values and provenance */
    const struct oct_imported *imported; /* made from it */
    const struct oct_network *network;   /* lowered from that, in float */
    const int *sources; /* [network layers]: the layers that they were; -1: copies */
};

/* A convolution and what the engine fuses into it. Nodes, by their place in the file, and values
 * are -1 where there is none. */
struct oct_placed_convolution {
    int layer;       /* of the network */
    const int *rows; /* [its outputs]: which of the Conv's they are; NULL: all. See imported.h */
    bool is_further; /* part of a Conv of which another came before */
    int node;        /* the Conv, or what is no Conv */
    int norm;        /* the BatchNormalization behind it */
    int input;       /* value that the Conv reads */
    int result;      /* what it writes, a BatchNormalization included */
    int gate, activated; /* values: what the activation multiplies with, and its result */
    int sum, other;      /* the Add behind it, and the value that it adds: a residual */
    int output;          /* what comes out of all that: the network's tensor */
    bool is_last;        /* of the head: its output is decoded */
    bool is_identity;    /* no Conv but a sum or an activation by itself, which stays as it is */
    bool is_transposed;  /* the node is a ConvTranspose, whose weights lie otherwise: left float */
};

/* An attention: what comes out of it, as the file reads it. */
struct oct_placed_attention {
    int layer, output;
};

/* An average pool: what it gives has a scale of its own. */
struct oct_placed_mean {
    int layer;         /* of the network */
    int node;          /* the AveragePool, by its place in the file */
    int input, output; /* values */
};

struct oct_placement {
    const struct oct_graph *graph;
    const struct oct_network *network;
    int count;
    struct oct_placed_convolution *convolutions; /* in the network's order */
    int attention_count;
    struct oct_placed_attention *attentions;
    int mean_count;
    struct oct_placed_mean *means; /* in the network's order */
    bool *body; /* [nodes of the file]: between the picture and the head's last convolutions */
    int *group; /* [values of the file]: one that stands for all that share a scale with it */
};

/* Reads where the network lies in the file. All memory is from `arena`. Fails with
 * OCTET_UNSUPPORTED_MODEL when the file is quantised already. */
octet_status oct_place(octet_context *ctx, struct oct_arena *arena,
                       const struct oct_placed_model *model, struct oct_placement *placement);

#endif
