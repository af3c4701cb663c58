/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network: what is left of an ONNX detector after the passes. Only what the engine runs
 * (convolutions with fused SiLU and residual add, max pools, nearest 2x upsampling), tensors that
 * are views of others (slices, concats), and the head's description. Reference of the passes'
 * output and of the lowering's input.
 */
#ifndef OCTET_COMPILER_GRAPH_IMPORTED_H
#define OCTET_COMPILER_GRAPH_IMPORTED_H

#include "base/arena.h"
#include "network/network.h"
#include "network/quantization.h"

struct oct_imported_tensor {
    /* of the ONNX value; for a layer, the value that comes out of all that is fused into it */
    const char *name;
    enum oct_tensor_kind kind;
    int channels;
    int height, width; /* at the network's default size, pixels */
    int layer;         /* LAYER: index of the layer that writes it; else -1 */
    /* SLICE: tensor and first channel; the parent is never itself a slice or coded;
     * CODED: tensor; else -1, 0 */
    int parent, offset;
    struct oct_quantization grid; /* CODED */
    /* CONCAT: 2 to OCT_CONCAT_MAX; members are INPUT, LAYER, SLICE or CONCAT tensors */
    int member_count;
    int members[OCT_CONCAT_MAX];
};

struct oct_imported_layer {
    const char *name; /* of the ONNX node */
    enum oct_operation operation;
    int input, output;           /* tensors */
    int residual;                /* CONVOLUTION: tensor added after the activation, or -1 */
    int kernel, stride, padding; /* square and symmetric; padding in pixels */
    int silu;                    /* CONVOLUTION: 1 when SiLU follows */
    const float *weights; /* CONVOLUTION: [output channels][input channels][kernel][kernel] */
    const float *bias;    /* CONVOLUTION: [output channels] */
    /* CONVOLUTION, what the file quantises on the way: the result before SiLU, the sigmoid in SiLU,
     * and what the residual is added to. No grid: nothing. */
    struct oct_quantization sum_grid, gate_grid, value_grid;
    const char *rounded; /* the ONNX value that sum_grid, or else value_grid, rounds; or NULL */
    const float *weight_scales; /* [output channels]: `weights` are integers times these; or NULL */
};

/* One level of the head: two convolutions without activation whose outputs the decode reads. */
struct oct_imported_level {
    int box_tensor;   /* 4 * reg_max channels: left, top, right, bottom distributions */
    int class_tensor; /* class_count channels: logits */
    int stride;       /* input pixels a cell */
};

struct oct_port {
    const char *name, *type,
        *shape; /* as the ONNX file declares it, e.g. "images", "float32", "1x3x640x640" */
};

struct oct_imported {
    struct oct_arena arena; /* owns everything below */
    int tensor_count, layer_count, level_count, class_count, reg_max;
    struct oct_imported_tensor *tensors;
    struct oct_imported_layer *layers; /* in an order in which they can run */
    /* ascending stride; anchors are in this order */
    struct oct_imported_level levels[OCT_HEAD_LEVELS_MAX];
    int input_tensor;
    int input_height,
        input_width; /* default size: the ONNX input's, else the metadata's imgsz, else 640x640 */
    int size_is_fixed;
    const char **class_names; /* class_count; "class0", ... where the metadata has none */
    int data_file_count;      /* files beside the model that hold data of its tensors */
    const char **data_files;
    int metadata_count;
    const char **metadata_keys, **metadata_values;
    int input_count, output_count;
    struct oct_port *inputs, *outputs;
    const char *description; /* metadata's description, else the producer, else "" */
    int opset;               /* of the default domain */
    int is_quantised;        /* 1: the file has grids of its own, see struct oct_imported_layer */
    int is_dynamic;          /* 1: some convolution of the file takes its scales at run time */
    int left_float;          /* quantisations before the head's outputs that were not kept */
    int head_left_float;     /* those behind them */
    int has_exact_anchors;   /* 1: places of cells or strides that the file rounds are exact here */
    struct oct_quantization probability_grid,
        distance_grid;       /* in the head: of the softmax, of distances */
    float expectation_scale; /* 0 .. reg_max - 1 are rounded to multiples of it there; 0: not */
    /* the file's network takes channel picture_order[c] of its input as its channel c;
     * the layers here take them as they are */
    int picture_order[3];
    struct oct_selection selection; /* of boxes, as the file does it behind its prediction */
    /* octet's decode against the file's own head on random tensors */
    double probe_box_difference_px;
    double probe_score_difference;
};

/* Frees the network itself and all it owns. Accepts NULL. */
void oct_imported_free(octet_context *ctx, struct oct_imported *imported);

#endif
