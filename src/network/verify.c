/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing from a file is an index, a size or a factor before it was checked here. */
#include <string.h>

#include "network/operations.h"
#include "network/verify_layers.h"

static octet_status bad_tensor(const struct oct_verification *v, int tensor, const char *why)
{
    return oct_fail(v->ctx, OCTET_BAD_FORMAT, "%s: tensor %d (\"%.80s\") %s", v->name, tensor,
                    v->network->tensors[tensor].name, why);
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
    if (t->type == OCT_TYPE_U8 && !oct_quantization_valid(q))
        return bad_tensor(v, index, "has a bad scale or zero point");
    if (index == 0 && t->type == OCT_TYPE_U8 && !oct_same_quantization(q, oct_picture_quantization))
        return bad_tensor(v, index, "is the picture and must have scale 1/255 and zero point 0");
    return OCTET_OK;
}

static octet_status verify_layer(struct oct_verification *v, int index)
{
    const struct oct_layer *layer = &v->network->layers[index];
    if (!oct_verify_is_tensor(v, layer->input) || !oct_verify_is_tensor(v, layer->output))
        return oct_verify_bad_layer(v, index, "names a tensor that does not exist");
    const struct oct_tensor *out = &v->network->tensors[layer->output];
    if (out->kind != OCT_TENSOR_LAYER || v->written[layer->output])
        return oct_verify_bad_layer(v, index,
                                    "writes a tensor that is a view or was written before");
    if (!oct_verify_is_written(v, layer->input))
        return oct_verify_bad_layer(v, index, "reads what was not written before");
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
        if (!oct_verify_is_tensor(v, output->tensor) || !oct_verify_is_written(v, output->tensor) ||
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
