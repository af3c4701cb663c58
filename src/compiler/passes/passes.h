/* SPDX-License-Identifier: Apache-2.0 */
/* What the passes share. Each takes the import in progress and rewrites its graph, or adds to the
 * network. */
#ifndef OCTET_COMPILER_PASSES_PASSES_H
#define OCTET_COMPILER_PASSES_PASSES_H

#include "compiler/graph/imported.h"
#include "compiler/graph/interpret.h"
#include "compiler/onnx/onnx_model.h"

#define OCT_BATCH_MAX 65536

/* Bounds of what import computes: far above any real model, low enough that a hostile file ends
 * soon. */
#define OCT_FOLD_LIMITS ((struct oct_limits){(size_t)256 << 20, (uint64_t)1 << 30})
#define OCT_PROBE_LIMITS ((struct oct_limits){(size_t)1 << 30, (uint64_t)1 << 31})
/* Of all convolutions that the head reads: 4096x4096 pixels. */
#define OCT_HEAD_ELEMENTS_MAX ((size_t)1 << 27)

/* An output of the head: what a convolution writes. */
struct oct_found_output {
    int value;
    int height, width;            /* cells */
    struct oct_quantization grid; /* of a quantised file */
};

/* The head as it was recognised; `head` has no tensors yet. The frontier is all the convolutions
 * that it reads. */
struct oct_found_head {
    const struct oct_head_reader *reader; /* compiler/heads/head_readers.h */
    struct oct_head head;
    union oct_head_parameters coded;  /* as struct oct_imported's coded_head */
    union oct_head_parameters probed; /* as the file's constants have it when its tail is run */
    struct oct_found_output outputs[OCT_HEAD_OUTPUTS_MAX];
    bool *in_tail; /* by node: between the frontier and the outputs */
};

struct oct_import {
    octet_context *ctx;
    const char *name; /* of the file */
    struct oct_onnx_model *onnx;
    struct oct_graph *graph; /* &onnx->graph */
    int height, width;       /* the input's, as bound */
    int batch;               /* as the file has it; 1 where it is open */
    bool one_picture;        /* the graph is bound to a batch of 1, whatever the file's is */
    int size_is_fixed;
    bool channels_last; /* the input is batch x height x width x 3 */
    bool is_bytes;      /* the input is of uint8: 0 to 255 */
    struct oct_found_head head;
    struct oct_imported *imported; /* made empty before the first pass */
};

typedef octet_status oct_pass(struct oct_import *import);

oct_pass oct_check_model;       /* refuses other tasks */
oct_pass oct_read_quantization; /* a quantised file becomes a float graph with grids */
oct_pass oct_bind_shapes;       /* gives the input its batch, height and width */
/* shapes of all values; what depends on constants only becomes constant */
oct_pass oct_fold_constants;
oct_pass oct_eliminate_dead;  /* drops nodes that no output needs */
oct_pass oct_remove_identity; /* Identity, Dropout, Cast between floating types */
/* zeros of a Pad into the convolutions and pools that read them */
oct_pass oct_fuse_padding;
oct_pass oct_split_transposed; /* 2x2 with stride 2: a 1x1 convolution, then DepthToSpace */
oct_pass oct_fuse_affine;      /* constants behind convolutions, of quantised files */
/* a division by 255 and another order of the picture's channels drop out; a mean is refused */
oct_pass oct_normalize_input;
oct_pass oct_fuse_batchnorm;         /* into the convolution before it */
oct_pass oct_fuse_activation;        /* into the convolution that makes its input */
oct_pass oct_scale_channels;         /* constants for each channel: depthwise convolutions */
oct_pass oct_fuse_attention;         /* softmax(q k') v of one convolution, and that in three */
oct_pass oct_fuse_residual;          /* an addition into the convolution that makes one operand */
oct_pass oct_leave_out_outputs;      /* outputs that are no part of the head */
oct_pass oct_recognize_head;         /* fills import->head */
oct_pass oct_read_head_grids;        /* what a quantised file rounds in its head */
oct_pass oct_restore_head_constants; /* anchors and strides that a quantised file rounds */
oct_pass oct_probe_head;             /* octet's decode against the file's own head */
oct_pass oct_probe_selection;        /* and its selection, where that is the best scores alone */
oct_pass oct_build_network;          /* layers and tensors */
oct_pass oct_describe_network;       /* class names, metadata, ports */

/* The operator in the tail that selects boxes, or NULL; and how, told to the network. */
const struct oct_node *oct_find_selection(const struct oct_import *import);
octet_status oct_read_selection(struct oct_import *import);

/* "FILE: REASON" with OCTET_UNSUPPORTED_MODEL. */
octet_status oct_refuse_model(const struct oct_import *import, const char *format, ...)
    OCT_PRINTF(2, 3);

/* Far above any model: ends files in which one large tensor is the weights of very many nodes. */
#define OCT_FUSED_BYTES_MAX ((size_t)2 << 30)

/* Removes a node: the convolution before it takes its place, with other weights and bias. `inputs`
 * has room for 3. */
static inline octet_status oct_fuse_into(struct oct_graph *graph, struct oct_node *conv,
                                         struct oct_node *node, enum oct_role role, int *inputs,
                                         int weights, int bias)
{
    inputs[0] = conv->inputs[0];
    inputs[1] = weights;
    inputs[2] = bias;
    conv->inputs = inputs;
    conv->input_count = 3;
    conv->outputs[0] = node->outputs[0];
    node->removed = true;
    return oct_provenance_take(graph, conv, node, role, -1);
}

/* Whether a convolution is DFL's, which has no trained weights: one output channel, weights 0, 1,
 * 2,
 * ..., or in a quantised file what is nearest to them. Its weights must be there. */
bool oct_is_expectation(const struct oct_graph *graph, const struct oct_node *node);

/* Whether a node is a convolution with weights of its own, not DFL's. */
bool oct_is_trained(const struct oct_graph *graph, const struct oct_node *node);

/* For a model that was refused with `status`: a message that says what it is instead, where that
 * can be told. Returns `status`. */
octet_status oct_name_family(const struct oct_import *import, octet_status status);

/* ---- picture_order.c ---- */

/*
 * Follows the picture over nodes that only move its channels, from `*value`, to the one value that
 * others read; stays where there is none. `*last`: channels are its last axis; source[c] is the
 * channel of the file's input that its channel c is; both are those of `*value`, before and after.
 */
octet_status oct_follow_channels(struct oct_graph *graph, int *value, bool *last,
                                 int source[OCT_PICTURE_CHANNELS]);

/* Gives the convolutions that read `value`, whose channels are source[...], weights for channels
 * that are not moved; refuses other readers where any is. */
octet_status oct_restore_channels(struct oct_graph *graph, int value,
                                  const int source[OCT_PICTURE_CHANNELS]);

/* Refuses a node of the body for its operator. */
octet_status oct_refuse_operator(const struct oct_graph *graph, const struct oct_node *node);

/* ---- metadata ---- */

/* The metadata's text for a key, or NULL. */
const char *oct_metadata_find(const struct oct_import *import, const char *key);

/* One or two positive integers, as in "640" or "[480, 640]" (height, width); false when it is
 * neither. */
bool oct_parse_size(const char *text, int *height, int *width);

/*
 * Class names from the repr of a Python dict or list, or from JSON: {0: 'person', 1: "it's"},
 * ['person'], {"0": "a"}. `names[index]` is set, in the arena, for index < count. Returns the
 * number of entries, or -1 when the text is not of that form, or -2 when memory ran out.
 */
int oct_parse_names(struct oct_arena *arena, const char *text, const char **names, int count);

/* As oct_parse_names(), or one name a line; lines at the end may be empty, others are no names. */
int oct_parse_given_names(struct oct_arena *arena, const char *text, const char **names, int count);

/* ---- building the network ---- */

struct oct_builder {
    struct oct_import *import;
    struct oct_imported *imported;
    size_t tensor_capacity, layer_capacity;
    struct oct_tensor *tensors; /* moved to the network's arena at the end */
    struct oct_layer *layers;
    struct oct_layer_notes *notes; /* by layer */
    size_t note_capacity;
    int *tensor_of;      /* by value; -1: none yet */
    size_t filled_bytes; /* of weights of grouped convolutions with zeros between the groups */
};

/* Each turns one node into layers or tensors, or refuses it. */
typedef octet_status oct_build_function(struct oct_builder *builder, const struct oct_node *node);
oct_build_function oct_build_concat, oct_build_split, oct_build_slice,
    oct_build_coded; /* views.c */
oct_build_function oct_build_pool, oct_build_mean, oct_build_upsample, oct_build_depth;
oct_build_function oct_build_sum, oct_build_activation, oct_build_scale; /* identities.c */
oct_build_function oct_build_attention;

struct oct_window;

/* The window of a convolution or pool as a layer has it: the same on both axes. Fails, naming the
 * node, where it is not, or is larger than `most` pixels, or its padding is not less. */
octet_status oct_builder_window(const struct oct_graph *graph, const struct oct_node *node,
                                const struct oct_window *window, int most, struct oct_layer *layer);

/* Adds a tensor of the value's name and size, of the given kind; -1 when out of memory. */
int oct_builder_tensor(struct oct_builder *builder, int value, enum oct_tensor_kind kind);

/* `tensor` on a grid, as a tensor for `value`; the same where it is on that grid already. */
octet_status oct_builder_coded(struct oct_builder *builder, const struct oct_node *node, int value,
                               int tensor, struct oct_quantization grid);

/* The tensor of the node's input `index`;
 * fails when the node reads something else than a tensor. */
octet_status oct_builder_input(struct oct_builder *builder, const struct oct_node *node, int index,
                               int *tensor);

/* Adds the layer, whose input is set, with its notes (NULL: nothing), and the tensor that it
 * writes: the node's first output. */
octet_status oct_builder_layer(struct oct_builder *builder, const struct oct_node *node,
                               const struct oct_layer *layer, const struct oct_layer_notes *notes);

#endif
