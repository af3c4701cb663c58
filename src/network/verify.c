/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing from a file is an index, a size or a factor before it was checked here. */
#include <math.h>
#include <string.h>

#include "base/bfloat16.h"
#include "network/operations.h"

static const char padded_parts[] =
    "reads padded parts, or from no multiple of 4 channels on, which its operation cannot";

static octet_status bad_tensor(const struct oct_verification *v, int tensor, const char *why)
{
    return oct_fail(v->ctx, OCTET_BAD_FORMAT, "%s: tensor %d (\"%.80s\") %s", v->name, tensor,
                    v->network->tensors[tensor].name, why);
}

static octet_status bad_layer(const struct oct_verification *v, int layer, const char *why)
{
    return oct_fail(v->ctx, OCTET_BAD_FORMAT, "%s: layer %d (\"%.80s\") %s", v->name, layer,
                    v->network->layers[layer].name, why);
}

static bool is_tensor(const struct oct_verification *v, int tensor)
{
    return tensor >= 0 && tensor < v->network->tensor_count;
}

/* Views refer to tensors before them, so that there are no cycles and resolving ends. */
static octet_status verify_view(struct oct_verification *v, int index)
{
    const struct oct_tensor *t = &v->network->tensors[index];
    if (t->kind == OCT_TENSOR_SLICE) {
        if (t->parent < 0 || t->parent >= index ||
            v->network->tensors[t->parent].kind == OCT_TENSOR_SLICE)
            return bad_tensor(v, index, "is a slice of no tensor before it");
        const struct oct_tensor *parent = &v->network->tensors[t->parent];
        if (t->offset < 0 || t->offset > parent->channels ||
            t->channels > parent->channels - t->offset)
            return bad_tensor(v, index, "reaches beyond the tensor that it is a slice of");
        return t->type == parent->type ? OCTET_OK
                                       : bad_tensor(v, index, "differs in type from its parent");
    }
    if (t->member_count < 1 || t->member_count > OCT_CONCAT_MAX)
        return bad_tensor(v, index, "is a concat of no tensors or too many");
    int channels = 0;
    for (int i = 0; i < t->member_count; i++) {
        const int m = t->members[i];
        if (m < 1 || m >= index || v->network->tensors[m].kind == OCT_TENSOR_SLICE)
            return bad_tensor(v, index, "has a member that is no layer's output before it");
        if (v->member[m])
            return bad_tensor(v, index, "has a member that is in another concat already");
        if (v->network->tensors[m].type != t->type)
            return bad_tensor(v, index, "has members of different types");
        v->member[m] = true;
        channels += v->network->tensors[m].channels;
    }
    return channels == t->channels ? OCTET_OK
                                   : bad_tensor(v, index, "has not the channels of its members");
}

static octet_status verify_tensor(struct oct_verification *v, int index)
{
    const struct oct_tensor *t = &v->network->tensors[index];
    const struct oct_quantization q = t->quantization;
    if (t->kind == OCT_TENSOR_CODED)
        return bad_tensor(v, index, "is of a kind that cannot run");
    if (t->channels < 1 || t->channels > OCT_CHANNELS_MAX)
        return bad_tensor(v, index, "has a bad number of channels");
    if ((t->kind == OCT_TENSOR_INPUT) != (index == 0))
        return bad_tensor(v, index, "is out of place: the input is tensor 0");
    if (t->kind == OCT_TENSOR_SLICE || t->kind == OCT_TENSOR_CONCAT)
        return verify_view(v, index);
    if (t->kind == OCT_TENSOR_INPUT && t->channels != 3)
        return bad_tensor(v, index, "must have 3 channels");
    if (t->type == OCT_TYPE_U8 &&
        (!(q.scale >= 1e-30f && q.scale <= 1e30f) || q.zero_point < 0 || q.zero_point > 255))
        return bad_tensor(v, index, "has a bad scale or zero point");
    if (index == 0 && t->type == OCT_TYPE_U8 && !oct_same_quantization(q, oct_picture_quantization))
        return bad_tensor(v, index, "is the picture and must have scale 1/255 and zero point 0");
    return OCTET_OK;
}

/* True when everything that `tensor` is made of was written before. */
static bool is_written(const struct oct_verification *v, int tensor)
{
    const struct oct_tensor *t = &v->network->tensors[tensor];
    if (t->kind == OCT_TENSOR_SLICE)
        return is_written(v, t->parent);
    if (t->kind != OCT_TENSOR_CONCAT)
        return v->written[tensor];
    for (int i = 0; i < t->member_count; i++)
        if (!is_written(v, t->members[i]))
            return false;
    return true;
}

static bool all_finite(const float *values, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return false;
    return true;
}

static bool all_finite_bf16(const uint16_t *bf16, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(oct_bf16_value(bf16[i])))
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
        (!is_tensor(v, layer->residual) || !is_written(v, layer->residual) ||
         v->network->tensors[layer->residual].channels !=
             v->network->tensors[layer->output].channels ||
         !is_stored_whole(v, layer->residual) ||
         !oct_network_uniform(v->network, layer->residual, &leaf)))
        return bad_layer(v, index, "has a bad residual");
    return OCTET_OK;
}

octet_status oct_verify_convolution(const struct oct_verification *v, int index)
{
    const struct oct_layer *layer = &v->network->layers[index];
    const struct oct_tensor *in = &v->network->tensors[layer->input],
                            *out = &v->network->tensors[layer->output];
    if (layer->kernel < 1 || layer->kernel > OCT_KERNEL_MAX || layer->stride < 1 ||
        layer->stride > OCT_STRIDE_MAX || layer->padding < 0 || layer->padding >= layer->kernel)
        return bad_layer(v, index, "has a bad kernel, stride or padding");
    if (!layer->bias || !all_finite(layer->bias, out->channels))
        return bad_layer(v, index, "lacks its bias, or it is not finite");
    if (in->type == OCT_TYPE_BF16) {
        if (!layer->bf16 || !all_finite_bf16(layer->bf16, oct_layer_weights(v->network, layer)))
            return bad_layer(v, index, "lacks weights, or they are not finite");
    } else if (in->type == OCT_TYPE_U8) {
        if (!layer->codes || !layer->scale || !all_finite(layer->scale, out->channels))
            return bad_layer(v, index, "lacks weights or scales, or they are not finite");
        const int64_t products = (int64_t)in->channels * layer->kernel * layer->kernel;
        if (products * 255 * 127 * 2 > INT32_MAX) /* start and sum are each bounded by half */
            return bad_layer(v, index, "has more products than a 32 bit accumulator holds");
        const int64_t weights = oct_layer_weights(v->network, layer);
        int8_t lowest = 0;
        for (int64_t i = 0; i < weights; i++)
            lowest = layer->codes[i] < lowest ? layer->codes[i] : lowest;
        if (lowest == -128)
            return bad_layer(v, index, "has a weight of -128");
    } else if (!layer->values || !all_finite(layer->values, oct_layer_weights(v->network, layer))) {
        return bad_layer(v, index, "lacks weights, or they are not finite");
    }
    return verify_residual(v, index);
}

octet_status oct_verify_table(const struct oct_verification *v, int index)
{
    const struct oct_layer *layer = &v->network->layers[index];
    const struct oct_tensor *in = &v->network->tensors[layer->input],
                            *out = &v->network->tensors[layer->output];
    if (in->type != OCT_TYPE_U8 || out->type == OCT_TYPE_BF16 || out->channels != in->channels ||
        layer->silu)
        return bad_layer(v, index, "changes channels or reads floats, which a table cannot");
    if (!is_stored_whole(v, layer->input))
        return bad_layer(v, index, padded_parts);
    if (!layer->table || !all_finite(layer->table, OCT_TABLE_ENTRIES))
        return bad_layer(v, index, "lacks its table, or it is not finite");
    const octet_status status = verify_residual(v, index);
    if (!status && layer->residual >= 0 &&
        v->network->tensors[layer->residual].type == OCT_TYPE_BF16)
        return bad_layer(v, index, "adds bfloat16 to a table, which it cannot");
    return status;
}

octet_status oct_verify_move(const struct oct_verification *v, int index)
{
    const struct oct_layer *layer = &v->network->layers[index];
    const struct oct_tensor *in = &v->network->tensors[layer->input],
                            *out = &v->network->tensors[layer->output];
    const bool copies = layer->operation == OCT_COPY, converts = out->type != in->type && copies;
    int leaf;
    if (out->channels != in->channels || (out->type != in->type && !converts) ||
        layer->residual >= 0 || layer->silu)
        return bad_layer(v, index, "changes channels or type, which its operation cannot");
    if (copies ? !oct_network_contiguous(v->network, layer->input)
               : !is_stored_whole(v, layer->input))
        return bad_layer(v, index, padded_parts);
    if (in->type == OCT_TYPE_U8 &&
        (!oct_network_uniform(v->network, layer->input, &leaf) ||
         (!converts &&
          !oct_same_quantization(v->network->tensors[leaf].quantization, out->quantization))))
        return bad_layer(v, index, "changes the scale, which its operation cannot");
    return OCTET_OK;
}

octet_status oct_verify_pool(const struct oct_verification *v, int index)
{
    const struct oct_layer *layer = &v->network->layers[index];
    const octet_status status = oct_verify_move(v, index);
    if (!status && (layer->kernel < 1 || layer->kernel > OCT_KERNEL_MAX || layer->kernel % 2 == 0))
        return bad_layer(v, index, "has a bad kernel");
    return status;
}

static octet_status verify_layer(struct oct_verification *v, int index)
{
    const struct oct_layer *layer = &v->network->layers[index];
    if (!is_tensor(v, layer->input) || !is_tensor(v, layer->output))
        return bad_layer(v, index, "names a tensor that does not exist");
    const struct oct_tensor *out = &v->network->tensors[layer->output];
    if (out->kind != OCT_TENSOR_LAYER || v->written[layer->output])
        return bad_layer(v, index, "writes a tensor that is a view or was written before");
    if (!is_written(v, layer->input))
        return bad_layer(v, index, "reads what was not written before");
    const octet_status status = oct_operation_row(layer->operation)->verify(v, index);
    v->written[layer->output] = true;
    return status;
}

/* What a head of any kind must hold; the rest is its kind's matter. */
static octet_status verify_head(const struct oct_verification *v)
{
    const struct oct_network *network = v->network;
    const struct oct_head *head = &network->head;
    if (head->output_count < 1 || head->output_count > OCT_HEAD_OUTPUTS_MAX ||
        head->class_count < 1 || head->class_count > OCT_CHANNELS_MAX || !head->kind)
        return oct_fail(v->ctx, OCTET_BAD_FORMAT, "%s: bad head: outputs or classes", v->name);
    for (int i = 0; i < head->output_count; i++) {
        const struct oct_head_output *output = &head->outputs[i];
        if (!is_tensor(v, output->tensor) || !is_written(v, output->tensor) ||
            network->tensors[output->tensor].type != OCT_TYPE_F32)
            return oct_fail(v->ctx, OCTET_BAD_FORMAT, "%s: bad head: output %d", v->name, i);
        if (output->stride < 1 || output->stride > OCT_HEAD_STRIDE_MAX ||
            (output->stride & (output->stride - 1)))
            return oct_fail(v->ctx, OCTET_BAD_FORMAT, "%s: bad head: stride of output %d", v->name,
                            i);
    }
    if (!oct_selection_valid(&head->selection))
        return oct_fail(v->ctx, OCTET_BAD_FORMAT, "%s: bad head: selection of boxes", v->name);
    return head->kind->verify(v->ctx, network, v->name);
}

static octet_status verify_size(const struct oct_verification *v)
{
    const struct oct_network *network = v->network;
    const int stride = oct_network_stride(network),
              sides[2] = {network->input_height, network->input_width};
    for (int i = 0; i < 2; i++)
        if (sides[i] < stride || sides[i] > OCT_INPUT_SIDE_MAX || sides[i] % stride)
            return oct_fail(v->ctx, OCTET_BAD_FORMAT, "%s: bad input size %dx%d", v->name,
                            network->input_height, network->input_width);
    return OCTET_OK;
}

octet_status oct_network_verify(octet_context *ctx, const struct oct_network *network,
                                const char *name)
{
    if (network->tensor_count < 2 || network->tensor_count > OCT_TENSORS_MAX ||
        network->layer_count < 1 || network->layer_count > OCT_LAYERS_MAX)
        return oct_fail(ctx, OCTET_BAD_FORMAT, "%s: bad plan: %d tensors, %d layers", name,
                        network->tensor_count, network->layer_count);
    bool *flags = oct_calloc(ctx, (size_t)network->tensor_count * 2, sizeof *flags);
    if (!flags)
        return oct_fail_memory(ctx, name);
    struct oct_verification v = {ctx, network, name, flags, flags + network->tensor_count};
    v.written[0] = true;
    octet_status status = OCTET_OK;
    for (int i = 0; i < network->tensor_count && !status; i++)
        status = verify_tensor(&v, i);
    for (int i = 0; i < network->layer_count && !status; i++)
        status = verify_layer(&v, i);
    if (!status)
        status = verify_head(&v);
    if (!status)
        status = verify_size(&v);
    oct_free(ctx, flags);
    return status;
}
