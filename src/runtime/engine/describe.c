/* SPDX-License-Identifier: Apache-2.0 */
/* Plans in numbers for people: layers with shapes, multiply-adds, bytes. */
#include <string.h>

#include "runtime/engine/engine.h"

static int64_t layer_weight_bytes(const struct oct_plan *plan, const struct oct_plan_layer *layer)
{
    if (layer->operation != OCT_PLAN_CONVOLUTION)
        return 0;
    const int64_t outputs = plan->tensors[layer->output].channels;
    const int64_t weights = oct_plan_layer_weights(plan, layer);
    return layer->codes    ? weights + outputs * 8
           : layer->halves ? weights * 2 + outputs * 4
                           : weights * 4 + outputs * 4;
}

static int64_t layer_multiply_adds(const struct oct_plan *plan, const struct oct_plan_layer *layer,
                                   const struct oct_plan_size *sizes)
{
    return oct_plan_layer_weights(plan, layer) * sizes[layer->output].height *
           sizes[layer->output].width;
}

static octet_precision precision(const struct oct_plan *plan)
{
    bool int8 = false, half = false, fp32 = false;
    for (int i = 0; i < plan->layer_count; i++) {
        int8 = int8 || plan->layers[i].codes;
        half = half || plan->layers[i].halves;
        fp32 = fp32 || plan->layers[i].values;
    }
    return int8 && (half || fp32) ? OCTET_PRECISION_MIXED
           : int8                 ? OCTET_PRECISION_INT8
           : half                 ? OCTET_PRECISION_HALF
                                  : OCTET_PRECISION_FP32;
}

octet_status oct_plan_describe(octet_context *ctx, const struct oct_plan *plan, octet_info *info)
{
    memset(info, 0, sizeof *info);
    info->name = plan->description;
    info->precision = precision(plan);
    info->class_count = plan->class_count;
    info->stride_max = oct_plan_stride(plan);
    info->input_height = plan->input_height;
    info->input_width = plan->input_width;
    info->size_is_fixed = plan->size_is_fixed;
    info->layer_count = plan->layer_count;
    struct oct_plan_size sizes[OCT_PLAN_TENSORS_MAX]; /* nobody is told when this fails */
    const octet_status status =
        oct_plan_sizes(ctx, plan, plan->input_height, plan->input_width, sizes);
    for (int i = 0; i < plan->layer_count && !status; i++) {
        const struct oct_plan_layer *layer = &plan->layers[i];
        if (layer->operation == OCT_PLAN_CONVOLUTION)
            info->weight_count +=
                oct_plan_layer_weights(plan, layer) + plan->tensors[layer->output].channels;
        info->weight_bytes += layer_weight_bytes(plan, layer);
        info->multiply_adds += layer_multiply_adds(plan, layer, sizes);
    }
    return status;
}

octet_status oct_plan_describe_layer(octet_context *ctx, const struct oct_plan *plan, int index,
                                     octet_layer_info *info)
{
    static const char *const operations[] = {"Conv", "MaxPool", "Upsample", "Copy", "Table"};
    static const octet_precision precisions[] = {OCTET_PRECISION_INT8, OCTET_PRECISION_FP32,
                                                 OCTET_PRECISION_HALF};
    static const char *const fused[] = {"", "SiLU", "Add", "SiLU+Add"};
    memset(info, 0, sizeof *info);
    if (index < 0 || index >= plan->layer_count)
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT, "layer %d: there are %d", index,
                        plan->layer_count);
    struct oct_plan_size sizes[OCT_PLAN_TENSORS_MAX];
    const octet_status status =
        oct_plan_sizes(ctx, plan, plan->input_height, plan->input_width, sizes);
    if (!status) {
        const struct oct_plan_layer *layer = &plan->layers[index];
        const struct oct_plan_tensor *in = &plan->tensors[layer->input];
        const struct oct_plan_tensor *out = &plan->tensors[layer->output];
        const bool convolution = layer->operation == OCT_PLAN_CONVOLUTION;
        *info = (octet_layer_info){
            .name = out->name,
            .operation = in->type == out->type || layer->operation != OCT_PLAN_COPY
                             ? operations[layer->operation]
                         : in->type == OCT_TYPE_U8  ? "Dequantize"
                         : out->type == OCT_TYPE_U8 ? "Quantize"
                                                    : operations[OCT_PLAN_COPY],
            .fused = fused[(layer->silu ? 1 : 0) + (layer->residual >= 0 ? 2 : 0)],
            .precision = precisions[in->type],
            .input_channels = in->channels,
            .input_height = sizes[layer->input].height,
            .input_width = sizes[layer->input].width,
            .output_channels = out->channels,
            .output_height = sizes[layer->output].height,
            .output_width = sizes[layer->output].width,
            .kernel = layer->kernel,
            .stride = convolution ? layer->stride : 1,
            .multiply_adds = layer_multiply_adds(plan, layer, sizes),
            .weight_bytes = layer_weight_bytes(plan, layer),
            .output_scale = out->type == OCT_TYPE_U8 ? (double)out->scale : 0.0,
            .output_zero_point = out->type == OCT_TYPE_U8 ? out->zero_point : 0,
        };
    }
    return status;
}
