/* SPDX-License-Identifier: Apache-2.0 */
/* What each operation demands of a layer. */
#include "network/verify_layers.h"

#include "network/operations.h"
#include "network/scan_weights.h"

static const char padded_parts[] =
    "reads padded parts, or from no multiple of 4 channels on, which its operation cannot";

octet_status oct_verify_bad_layer(const struct oct_verification *v, int layer, const char *why)
{
    return oct_fail(v->ctx, OCTET_BAD_FORMAT, "%s: layer %d (\"%.80s\") %s", v->name, layer,
                    v->network->layers[layer].name, why);
}

bool oct_verify_is_tensor(const struct oct_verification *v, int tensor)
{
    return tensor >= 0 && tensor < v->network->tensor_count;
}

/* True when everything that `tensor` is made of was written before. */
bool oct_verify_is_written(const struct oct_verification *v, int tensor)
{
    const struct oct_tensor *t = &v->network->tensors[tensor];
    if (t->kind == OCT_TENSOR_SLICE)
        return oct_verify_is_written(v, t->parent);
    if (t->kind != OCT_TENSOR_CONCAT)
        return v->written[tensor];
    for (int i = 0; i < t->member_count; i++)
        if (!oct_verify_is_written(v, t->members[i]))
            return false;
    return true;
}

/* What all but convolutions, and copies with regard to the shift, can read. */
static bool is_stored_whole(const struct oct_verification *v, int tensor)
{
    return oct_network_contiguous(v->network, tensor) && oct_network_shift(v->network, tensor) == 0;
}

static octet_status verify_residual(const struct oct_verification *v, int index)
{
    const struct oct_layer *layer = &v->network->layers[index];
    int leaf;
    if (layer->residual >= 0 &&
        (!oct_verify_is_tensor(v, layer->residual) || !oct_verify_is_written(v, layer->residual) ||
         v->network->tensors[layer->residual].channels !=
             v->network->tensors[layer->output].channels ||
         !is_stored_whole(v, layer->residual) ||
         !oct_network_uniform(v->network, layer->residual, &leaf)))
        return oct_verify_bad_layer(v, index, "has a bad residual");
    return OCTET_OK;
}

/* Padding is less than the kernel, so that every window has a pixel of the input, and none reaches
 * beyond the padding. */
static bool is_window(const struct oct_layer *layer)
{
    const int64_t end = (int64_t)layer->padding + layer->uneven;
    return layer->kernel >= 1 && layer->kernel <= OCT_KERNEL_MAX && layer->stride >= 1 &&
           layer->stride <= OCT_STRIDE_MAX && layer->padding >= 0 &&
           layer->padding < layer->kernel && end >= 0 && end < layer->kernel;
}

static octet_status verify_activation(const struct oct_verification *v, int index)
{
    const struct oct_layer *layer = &v->network->layers[index];
    const int activation = (int)layer->activation;
    if (activation < 0 || activation >= OCT_ACTIVATION_COUNT)
        return oct_verify_bad_layer(v, index, "has an activation that does not exist");
    const bool sloped = oct_activation_row(layer->activation)->has_slope;
    if (!(layer->slope >= 0.0f && layer->slope <= (sloped ? 1.0f : 0.0f)))
        return oct_verify_bad_layer(v, index, "has a bad slope");
    return OCTET_OK;
}

octet_status oct_verify_convolution(const struct oct_verification *v, int index)
{
    const struct oct_layer *layer = &v->network->layers[index];
    const struct oct_tensor *in = &v->network->tensors[layer->input],
                            *out = &v->network->tensors[layer->output];
    if (!is_window(layer))
        return oct_verify_bad_layer(v, index, "has a bad kernel, stride or padding");
    if (oct_is_depthwise(layer) ? layer->groups != in->channels || layer->groups != out->channels
                                : layer->groups < 0)
        return oct_verify_bad_layer(v, index, "has neither one group nor one for each channel");
    if (oct_is_depthwise(layer) && !is_stored_whole(v, layer->input))
        return oct_verify_bad_layer(v, index, padded_parts);
    const octet_status status = verify_activation(v, index);
    if (status)
        return status;
    const size_t weights = (size_t)oct_layer_weights(v->network, layer);
    const size_t outputs = (size_t)out->channels;
    if (!layer->bias || !oct_all_finite(layer->bias, outputs))
        return oct_verify_bad_layer(v, index, "lacks its bias, or it is not finite");
    if (in->type == OCT_TYPE_BF16) {
        if (!layer->bf16 || !oct_all_finite_bf16(layer->bf16, weights))
            return oct_verify_bad_layer(v, index, "lacks weights, or they are not finite");
    } else if (in->type == OCT_TYPE_U8) {
        if (!layer->codes || !layer->scale || !oct_all_finite(layer->scale, outputs))
            return oct_verify_bad_layer(v, index,
                                        "lacks weights or scales, or they are not finite");
        const int64_t products =
            (int64_t)oct_layer_depth(v->network, layer) * layer->kernel * layer->kernel;
        if (products * 255 * 127 * 2 > INT32_MAX) /* start and sum are each bounded by half */
            return oct_verify_bad_layer(v, index,
                                        "has more products than a 32 bit accumulator holds");
        if (oct_lowest_code(layer->codes, weights) == -128)
            return oct_verify_bad_layer(v, index, "has a weight of -128");
        if (layer->code_bits == 4 && oct_largest_magnitude(layer->codes, weights) > 7)
            return oct_verify_bad_layer(v, index, "has a weight that 4 bits do not hold");
    } else if (!layer->values || !oct_all_finite(layer->values, weights)) {
        return oct_verify_bad_layer(v, index, "lacks weights, or they are not finite");
    }
    return verify_residual(v, index);
}

octet_status oct_verify_table(const struct oct_verification *v, int index)
{
    const struct oct_layer *layer = &v->network->layers[index];
    const struct oct_tensor *in = &v->network->tensors[layer->input],
                            *out = &v->network->tensors[layer->output];
    if (in->type != OCT_TYPE_U8 || out->type == OCT_TYPE_BF16 || out->channels != in->channels ||
        layer->activation)
        return oct_verify_bad_layer(v, index,
                                    "changes channels or reads floats, which a table cannot");
    if (!is_stored_whole(v, layer->input))
        return oct_verify_bad_layer(v, index, padded_parts);
    if (!layer->table || !oct_all_finite(layer->table, OCT_TABLE_ENTRIES))
        return oct_verify_bad_layer(v, index, "lacks its table, or it is not finite");
    const octet_status status = verify_residual(v, index);
    if (!status && layer->residual >= 0 &&
        v->network->tensors[layer->residual].type == OCT_TYPE_BF16)
        return oct_verify_bad_layer(v, index, "adds bfloat16 to a table, which it cannot");
    return status;
}

/* What reads one tensor, with one scale and zero point, and writes one of its type. */
static octet_status verify_plain(const struct oct_verification *v, int index, int channels,
                                 bool converts)
{
    const struct oct_layer *layer = &v->network->layers[index];
    const struct oct_tensor *in = &v->network->tensors[layer->input],
                            *out = &v->network->tensors[layer->output];
    const bool copies = layer->operation == OCT_COPY;
    int leaf;
    if (out->channels != channels || (out->type != in->type && !converts) || layer->residual >= 0 ||
        layer->activation)
        return oct_verify_bad_layer(v, index,
                                    "changes channels or type, which its operation cannot");
    if (copies ? !oct_network_contiguous(v->network, layer->input)
               : !is_stored_whole(v, layer->input))
        return oct_verify_bad_layer(v, index, padded_parts);
    if (in->type == OCT_TYPE_U8 &&
        (!oct_network_uniform(v->network, layer->input, &leaf) ||
         (oct_operation_row(layer->operation)->moves && !converts &&
          !oct_same_quantization(v->network->tensors[leaf].quantization, out->quantization))))
        return oct_verify_bad_layer(v, index, "changes the scale, which its operation cannot");
    return OCTET_OK;
}

octet_status oct_verify_move(const struct oct_verification *v, int index)
{
    const struct oct_layer *layer = &v->network->layers[index];
    const struct oct_tensor *in = &v->network->tensors[layer->input],
                            *out = &v->network->tensors[layer->output];
    return verify_plain(v, index, in->channels,
                        out->type != in->type && layer->operation == OCT_COPY);
}

octet_status oct_verify_pool(const struct oct_verification *v, int index)
{
    const struct oct_layer *layer = &v->network->layers[index];
    const octet_status status = oct_verify_move(v, index);
    if (!status && (layer->kernel < 1 || layer->kernel > OCT_KERNEL_MAX || layer->kernel % 2 == 0))
        return oct_verify_bad_layer(v, index, "has a bad kernel");
    return status;
}

octet_status oct_verify_window_max(const struct oct_verification *v, int index)
{
    const octet_status status = oct_verify_move(v, index);
    if (!status && !is_window(&v->network->layers[index]))
        return oct_verify_bad_layer(v, index, "has a bad kernel, stride or padding");
    return status;
}

octet_status oct_verify_window_mean(const struct oct_verification *v, int index)
{
    const struct oct_layer *layer = &v->network->layers[index];
    const octet_status status =
        verify_plain(v, index, v->network->tensors[layer->input].channels, false);
    if (!status && (!is_window(layer) || layer->zeros))
        return oct_verify_bad_layer(v, index, "has a bad kernel, stride or padding");
    return status;
}

octet_status oct_verify_depth_to_space(const struct oct_verification *v, int index)
{
    const int channels = v->network->tensors[v->network->layers[index].input].channels;
    if (channels % 4)
        return oct_verify_bad_layer(v, index, "has not four times the channels that it writes");
    return verify_plain(v, index, channels / 4, false);
}

/* Channels that `heads` heads can have, in fours each. */
static bool are_heads(int channels, int heads)
{
    return channels % heads == 0 && channels / heads % 4 == 0 &&
           channels / heads <= OCT_HEAD_CHANNELS_MAX;
}

octet_status oct_verify_attention(const struct oct_verification *v, int index)
{
    const struct oct_layer *layer = &v->network->layers[index];
    const struct oct_tensor *tensors = v->network->tensors, *in = &tensors[layer->input];
    if (in->kind != OCT_TENSOR_CONCAT || in->member_count != 3)
        return oct_verify_bad_layer(v, index, "does not read a concat of three: q, k and v");
    for (int i = 0; i < 3; i++)
        if (tensors[in->members[i]].kind != OCT_TENSOR_LAYER)
            return oct_verify_bad_layer(v, index, "reads q, k or v that no layer writes");
    const int keys = tensors[in->members[1]].channels, values = tensors[in->members[2]].channels;
    if (layer->heads < 1 || !are_heads(keys, layer->heads) || !are_heads(values, layer->heads) ||
        tensors[in->members[0]].channels != keys)
        return oct_verify_bad_layer(v, index, "has channels that its heads cannot have");
    if (tensors[layer->output].channels != values || layer->residual >= 0 || layer->activation)
        return oct_verify_bad_layer(v, index, "writes other channels than its values have");
    if (layer->areas < 1 || layer->areas > OCT_AREAS_MAX || !(layer->factor >= OCT_SCALE_MIN) ||
        !(layer->factor <= OCT_SCALE_MAX))
        return oct_verify_bad_layer(v, index, "has a bad factor or number of areas");
    return OCTET_OK;
}
