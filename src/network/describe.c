/* SPDX-License-Identifier: Apache-2.0 */
/* Networks in numbers for people: layers with shapes, multiply-adds, bytes. */
#include <string.h>

#include "network/operations.h"

static int64_t layer_weight_bytes(const struct oct_network *network, const struct oct_layer *layer)
{
    if (layer->operation != OCT_CONVOLUTION)
        return 0;
    const int64_t outputs = network->tensors[layer->output].channels;
    const int64_t weights = oct_layer_weights(network, layer);
    const int64_t codes = layer->code_bits == 4 ? (weights + 1) / 2 : weights;
    return layer->codes  ? codes + outputs * 8
           : layer->bf16 ? weights * 2 + outputs * 4
                         : weights * 4 + outputs * 4;
}

static int64_t layer_multiply_adds(const struct oct_network *network, const struct oct_layer *layer,
                                   const struct oct_network_size *sizes)
{
    const int64_t pixels = (int64_t)sizes[layer->output].height * sizes[layer->output].width;
    if (layer->operation != OCT_ATTENTION)
        return oct_layer_weights(network, layer) * pixels;
    const struct oct_head_channels each = oct_attention_channels(network, layer);
    return pixels * (pixels / layer->areas) * layer->heads * (each.key + each.value);
}

static octet_precision precision(const struct oct_network *network)
{
    bool int8 = false, half = false, fp32 = false;
    for (int i = 0; i < network->layer_count; i++) {
        int8 = int8 || network->layers[i].codes;
        half = half || network->layers[i].bf16;
        fp32 = fp32 || network->layers[i].values;
    }
    return int8 && (half || fp32) ? OCTET_PRECISION_MIXED
           : int8                 ? OCTET_PRECISION_INT8
           : half                 ? OCTET_PRECISION_BF16
                                  : OCTET_PRECISION_FP32;
}

/* The fewest of any layer's codes; 0: there are none. */
static int weight_bits(const struct oct_network *network)
{
    int bits = 0;
    for (int i = 0; i < network->layer_count; i++)
        if (network->layers[i].codes)
            bits = network->layers[i].code_bits == 4 ? 4 : bits ? bits : 8;
    return bits;
}

octet_status oct_network_describe(octet_context *ctx, const struct oct_network *network,
                                  octet_info *info)
{
    memset(info, 0, sizeof *info);
    info->name = network->description;
    info->precision = precision(network);
    info->weight_bits = weight_bits(network);
    info->scale_sets = 1;
    info->class_count = network->head.class_count;
    info->head = network->head.kind->word;
    info->stride_max = oct_network_stride(network);
    info->input_height = network->input_height;
    info->input_width = network->input_width;
    info->size_is_fixed = network->size_is_fixed;
    info->layer_count = network->layer_count;
    struct oct_network_size sizes[OCT_TENSORS_MAX]; /* nobody is told when this fails */
    const octet_status status =
        oct_network_sizes(ctx, network, network->input_height, network->input_width, sizes);
    for (int i = 0; i < network->layer_count && !status; i++) {
        const struct oct_layer *layer = &network->layers[i];
        if (layer->operation == OCT_CONVOLUTION)
            info->weight_count +=
                oct_layer_weights(network, layer) + network->tensors[layer->output].channels;
        info->weight_bytes += layer_weight_bytes(network, layer);
        info->multiply_adds += layer_multiply_adds(network, layer, sizes);
    }
    return status;
}

static const char *label(const struct oct_layer *layer, enum oct_type from, enum oct_type to)
{
    if (oct_is_depthwise(layer))
        return "Depthwise";
    const bool converts = layer->operation == OCT_COPY && from != to;
    return converts && from == OCT_TYPE_U8 ? "Dequantize"
           : converts && to == OCT_TYPE_U8 ? "Quantize"
                                           : oct_operation_row(layer->operation)->label;
}

octet_status oct_network_describe_layer(octet_context *ctx, const struct oct_network *network,
                                        int index, octet_layer_info *info)
{
    memset(info, 0, sizeof *info);
    if (index < 0 || index >= network->layer_count)
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT, "layer %d: there are %d", index,
                        network->layer_count);
    struct oct_network_size sizes[OCT_TENSORS_MAX];
    const octet_status status =
        oct_network_sizes(ctx, network, network->input_height, network->input_width, sizes);
    if (!status) {
        const struct oct_layer *layer = &network->layers[index];
        const struct oct_tensor *in = &network->tensors[layer->input];
        const struct oct_tensor *out = &network->tensors[layer->output];
        const unsigned has = oct_operation_row(layer->operation)->has;
        const struct oct_activation_row *activation = oct_activation_row(layer->activation);
        *info = (octet_layer_info){
            .name = out->name,
            .operation = label(layer, in->type, out->type),
            .fused = layer->residual >= 0 ? activation->added : activation->label,
            .precision = oct_type_precision(in->type),
            .input_channels = in->channels,
            .input_height = sizes[layer->input].height,
            .input_width = sizes[layer->input].width,
            .output_channels = out->channels,
            .output_height = sizes[layer->output].height,
            .output_width = sizes[layer->output].width,
            .kernel = layer->kernel,
            .stride = has & (OCT_HAS_WINDOW | OCT_HAS_PADDING) ? layer->stride : 1,
            .multiply_adds = layer_multiply_adds(network, layer, sizes),
            .weight_bytes = layer_weight_bytes(network, layer),
            .output_scale = out->type == OCT_TYPE_U8 ? (double)out->quantization.scale : 0.0,
            .output_zero_point = out->type == OCT_TYPE_U8 ? out->quantization.zero_point : 0,
        };
    }
    return status;
}

/* Whether `tensor`'s channels from `begin` up to `end` are `wanted`'s, one of them at least. */
static bool reaches(const struct oct_network *network, int tensor, int begin, int end, int wanted)
{
    while (begin < end) {
        const struct oct_network_channel leaf = oct_network_resolve(network, tensor, begin);
        if (leaf.tensor == wanted)
            return true;
        begin += network->tensors[leaf.tensor].channels - leaf.channel;
    }
    return false;
}

bool oct_network_layer_reads(const struct oct_network *network, int layer, int from)
{
    if (layer < 0 || layer >= network->layer_count || from < -1 || from >= network->layer_count)
        return false;
    const struct oct_layer *reader = &network->layers[layer];
    const int wanted = from < 0 ? 0 : network->layers[from].output;
    const struct oct_tensor *tensors = network->tensors;
    return reaches(network, reader->input, 0, tensors[reader->input].channels, wanted) ||
           (reader->residual >= 0 &&
            reaches(network, reader->residual, 0, tensors[reader->residual].channels, wanted));
}
