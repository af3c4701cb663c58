/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network: what an engine runs, independent of machine and input size. Tensors are written by
 * layers or are views (concats, slices) of others; a layer is one pass: convolution with activation
 * and residual fused, pool, upsampling, depth to space, attention or copy. Everything a session
 * does is derived from a verified network.
 */
#ifndef OCTET_NETWORK_NETWORK_H
#define OCTET_NETWORK_NETWORK_H

#include <octet/engine.h>

#include "base/arena.h"
#include "network/activations.h"
#include "network/head.h"
#include "network/types.h"

#define OCT_CONCAT_MAX 32
#define OCT_TENSORS_MAX 4096
#define OCT_LAYERS_MAX 2048
#define OCT_CHANNELS_MAX 16384
#define OCT_KERNEL_MAX 15
#define OCT_STRIDE_MAX 8
#define OCT_INPUT_SIDE_MAX 8192   /* pixels */
#define OCT_TENSOR_SIDE_MAX 32768 /* pixels, of any tensor */
#define OCT_HEAD_STRIDE_MAX 256

enum oct_tensor_kind {
    OCT_TENSOR_INPUT, /* tensor 0, always: the picture, 3 channels RGB */
    OCT_TENSOR_LAYER, /* written by a layer */
    /* LAYER or CONCAT tensors one after another along the channels; a tensor is in one at most */
    OCT_TENSOR_CONCAT,
    /* channels [offset, offset + channels) of a tensor that is no slice; see oct_network_shift() */
    OCT_TENSOR_SLICE,
    OCT_TENSOR_CODED /* only while a model is imported: `parent` as the file quantises it */
};

struct oct_tensor {
    const char *name;
    enum oct_tensor_kind kind;
    enum oct_type type; /* CONCAT and SLICE: as their members or parent */
    int channels;
    /* U8 LAYER and INPUT; CODED: what it is rounded to. Other views have none of their own. */
    struct oct_quantization quantization;
    int member_count, members[OCT_CONCAT_MAX]; /* CONCAT */
    int parent, offset; /* SLICE: tensor and first channel; CODED: tensor; else -1, 0 */
};

enum oct_operation {
    OCT_CONVOLUTION,
    OCT_MAX_POOL,
    OCT_UPSAMPLE,
    OCT_COPY,
    OCT_TABLE, /* U8 input: table[code], then the residual added */
    /* softmax(factor * q k') v of a concat of three layers' outputs: q, k and v of all heads */
    OCT_ATTENTION,
    /* The largest, and the mean, of each window of kernel x kernel; MAX_POOL is that of stride 1
     * whose output has its input's size. */
    OCT_WINDOW_MAX,
    OCT_WINDOW_MEAN,
    /* Channel (2 dy + dx) * n + c of pixel (y, x) becomes channel c, of n, of (2y + dy, 2x + dx) */
    OCT_DEPTH_TO_SPACE
};

#define OCT_TABLE_ENTRIES 256

/* Of an attention: areas, and q's or v's channels of a head, which come in fours. */
#define OCT_AREAS_MAX 1024
#define OCT_HEAD_CHANNELS_MAX 1024

struct oct_layer {
    const char *name;
    enum oct_operation operation;
    int input, output; /* tensors; an input is written by an earlier layer */
    int residual;      /* CONVOLUTION, TABLE: tensor added after the activation, or -1 */
    int kernel, stride, padding;
    int uneven; /* below and to the right there are padding + uneven: 0 where nothing is told */
    int zeros;  /* WINDOW_MAX: padding is zeros, else it takes no part. Others': always zeros */
    /* CONVOLUTION: as many as it has input and output channels, each of which then is read by the
     * output channel of its number alone; or 1 (or 0): all read all. See oct_is_depthwise(). */
    int groups;
    enum oct_activation activation; /* CONVOLUTION */
    float slope;                    /* of those that have one; else 0 */
    /* CONVOLUTION, [output channels][input channels, or 1 in groups][kernel][kernel]: codes when
     * the input is U8, bfloat16 (base/bfloat16.h) when it is BF16, else values. A code's weight is
     * in units of `scale[n]` / the input channel's own scale ratio, see quantize/weights.h. */
    const int8_t *codes;
    int code_bits; /* 4: all codes are -7 to 7, and two lie in a byte of a file; else 8 or 0 */
    const uint16_t *bf16;
    const float *values;
    const float *scale; /* U8 input: [output channels], real of one accumulator unit */
    const float *bias;  /* [output channels] */
    const float *table; /* TABLE: the value of each code of the input */
    /* ATTENTION: q, k and v have the channels of one head after the other's. Pixels, row by row,
     * are cut into `areas` of one size, and see those of their own area. */
    int heads, areas;
    float factor;
};

struct oct_network {
    int tensor_count, layer_count;
    struct oct_tensor *tensors;
    struct oct_layer *layers; /* in an order in which they can run */
    int input_height, input_width, size_is_fixed;
    struct oct_head head;
    const char **class_names; /* [head.class_count] */
    const char *description;
};

/* Checks everything that a session relies on: indices, order, shapes, types, sizes, scales. `name`
 * is the file's. Fails with OCTET_BAD_FORMAT. */
octet_status oct_network_verify(octet_context *ctx, const struct oct_network *network,
                                const char *name);

/* Heights and widths of all tensors for an input size that is a multiple of oct_network_stride():
 * `sizes` takes tensor_count pairs. Fails with OCTET_BAD_SHAPE when a concat's or residual's sizes
 * do not meet. */
struct oct_network_size {
    int height, width;
};
octet_status oct_network_sizes(octet_context *ctx, const struct oct_network *network, int height,
                               int width, struct oct_network_size *sizes);

/* The largest level's stride: input sizes are multiples of it. */
int oct_network_stride(const struct oct_network *network);

/* The LAYER or INPUT tensor, and the channel of it, that channel `channel` of any tensor is. */
struct oct_network_channel {
    int tensor, channel;
};
struct oct_network_channel oct_network_resolve(const struct oct_network *network, int tensor,
                                               int channel);

/* True when all channels of a tensor have one scale and zero point, which are written to `*leaf`'s
 * tensor. */
bool oct_network_uniform(const struct oct_network *network, int tensor, int *leaf);

/* True when all channels are stored one after another: no member of a concat before the last is
 * padded. Convolutions read others as well, all else does not. */
bool oct_network_contiguous(const struct oct_network *network, int tensor);

/* How many channels before a tensor's first one the multiple of 4 lies at which sessions begin to
 * read it, 0 to 3: more than 0 for slices alone. Convolutions and copies read those, all else does
 * not. */
int oct_network_shift(const struct oct_network *network, int tensor);

/* Pixels around its input that a layer reads as zeros. */
int oct_layer_border(const struct oct_layer *layer);

/* A convolution of each channel by itself. */
static inline bool oct_is_depthwise(const struct oct_layer *layer)
{
    return layer->operation == OCT_CONVOLUTION && layer->groups > 1;
}

/* Input channels that each output channel of a convolution reads. */
int oct_layer_depth(const struct oct_network *network, const struct oct_layer *layer);

int64_t oct_layer_weights(const struct oct_network *network, const struct oct_layer *layer);

/* Of one head of an attention, whose input was verified: channels of q and k, and of v. */
struct oct_head_channels {
    int key, value;
};
struct oct_head_channels oct_attention_channels(const struct oct_network *network,
                                                const struct oct_layer *layer);

/* SHA-256 of a float network's structure and weights, as 64 hexadecimal digits and a NUL: what
 * statistics belong to. */
void oct_network_hash(const struct oct_network *network, char hash[65]);

/* Fills a description of a network, see octet_engine_info() and octet_engine_layer(). */
octet_status oct_network_describe(octet_context *ctx, const struct oct_network *network,
                                  octet_info *info);
octet_status oct_network_describe_layer(octet_context *ctx, const struct oct_network *network,
                                        int index, octet_layer_info *layer);

/* Whether one layer reads what another makes, or a part of it; `from` -1: the picture. */
bool oct_network_layer_reads(const struct oct_network *network, int layer, int from);

#endif
