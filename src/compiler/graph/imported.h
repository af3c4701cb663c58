/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the passes make of a model file: its network, with all that is known of the file beside it.
 * Reference of the passes' output and of the lowering's input.
 */
#ifndef OCTET_COMPILER_GRAPH_IMPORTED_H
#define OCTET_COMPILER_GRAPH_IMPORTED_H

#include "base/arena.h"
#include "compiler/graph/provenance.h"
#include "network/network.h"
#include "network/quantization.h"

#define OCT_PICTURE_CHANNELS 3

/* What only the compiler needs of a layer: what it was made of, and what a quantised file rounds on
 * its way. */
struct oct_layer_notes {
    /* The file's nodes, its operator first, the rest in the order in which they compute. The last
     * one gives the layer's output. */
    int part_count;
    const struct oct_part *parts;
    /* CONVOLUTION: the result before the activation, the gate in that, and what the residual is
     * added to. No grid: not rounded. */
    struct oct_quantization sum_grid, gate_grid, value_grid;
    const char *rounded; /* the ONNX value that sum_grid, or else value_grid, rounds; or NULL */
    const float *weight_scales; /* [output channels]: weights are integers times these; or NULL */
    /* [output channels]: which of its operator's channels are the layer's, -1 one of zeros; NULL:
     * all, in order. Other layers have the rest. */
    const int *rows;
};

struct oct_port {
    const char *name, *type,
        *shape; /* as the ONNX file declares it, e.g. "images", "float32", "1x3x640x640" */
};

struct oct_onnx_model;

/* Tensors here may be CODED, slices of any tensor but a slice, and members of several concats;
 * compiler/lower/ makes of them networks that run. Tensor 0 is the picture. */
struct oct_imported {
    struct oct_arena arena; /* owns everything below, but for weights */
    /* The file's message and graph, of which the notes' provenance speaks; weights lie there. NULL
     * where a network was made by hand. */
    struct oct_onnx_model *source;
    struct oct_network network;    /* float; names are those of ONNX values and nodes */
    struct oct_layer_notes *notes; /* [network.layer_count] */
    /* network.head.of with what a quantised file rounds in its head; the same in other files. */
    union oct_head_parameters coded_head;
    int data_file_count; /* files beside the model that hold data of its tensors */
    const char **data_files;
    int metadata_count;
    const char **metadata_keys, **metadata_values;
    int input_count, output_count;
    struct oct_port *inputs, *outputs;
    int opset;             /* of the default domain */
    int is_quantised;      /* 1: the file has grids of its own, see struct oct_layer_notes */
    int is_dynamic;        /* 1: some convolution of the file takes its scales at run time */
    int left_float;        /* quantisations before the head's outputs that were not kept */
    int head_left_float;   /* those behind them */
    int has_exact_anchors; /* 1: places of cells or strides that the file rounds are exact here */
    /* the file's network takes channel picture_order[c] of its input as its channel c; the layers
     * here take them as they are */
    int picture_order[OCT_PICTURE_CHANNELS];
    /* octet's decode against the file's own head on random tensors */
    double probe_box_difference_px, probe_score_difference;
};

#endif
