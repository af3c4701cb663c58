/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the layers of a network lie in the model's own graph, and which values of that graph share
 * a scale: what both export formats are written from.
 */
#ifndef OCTET_COMPILER_EXPORT_PLACEMENT_H
#define OCTET_COMPILER_EXPORT_PLACEMENT_H

#include "compiler/passes/passes.h"
#include "network/network.h"

/* A convolution and what the engine fuses into it, in the model's own graph. Values and nodes are
 * -1 where there is none. */
struct oct_placed_convolution {
    int layer;           /* of the network */
    int node;            /* the Conv */
    int norm;            /* the BatchNormalization behind it */
    int input;           /* value that the Conv reads */
    int result;          /* what it writes, a BatchNormalization included */
    int gate, activated; /* values: the sigmoid, and SiLU's result */
    int sum, other;      /* the Add behind it, and the value that it adds: a residual */
    int output;          /* what comes out of all that: the network's tensor */
    bool is_last;        /* of the head: its output is decoded */
};

struct oct_placement {
    const struct oct_graph *graph;
    const struct oct_network *network;
    int count;
    struct oct_placed_convolution *convolutions; /* in the network's order */
    bool *body; /* [nodes]: between the picture and the head's last convolutions */
    int *group; /* [values]: one that stands for all that share a scale with it */
};

/* Opens the file's graph with all shapes known, and nothing removed but what depends on constants
 * alone. `import` is to be closed with oct_onnx_close(&import->onnx) in any case. Fails
 * with OCTET_UNSUPPORTED_MODEL when the file is quantised already. */
octet_status oct_export_open(octet_context *ctx, const void *bytes, size_t size, const char *name,
                             struct oct_import *import);

/*
 * Finds the network's convolutions in the graph that it was made from. Inputs and outputs of
 * Concat, MaxPool, Resize, Split, Slice and of what changes nothing form a group. All memory is
 * from `arena`. Fails with OCTET_UNSUPPORTED_MODEL, naming the layer, for one that cannot be found.
 */
octet_status oct_place(octet_context *ctx, struct oct_arena *arena, const struct oct_graph *graph,
                       const struct oct_network *network, struct oct_placement *placement);

#endif
