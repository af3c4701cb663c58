/* SPDX-License-Identifier: Apache-2.0 */
/* From the network of a model file to one that runs: views that a session cannot have become
 * copies. */
#include <string.h>

#include "compiler/lower/builder.h"
#include "compiler/lower/lower.h"

static const struct oct_quantization none = {0.0f, 0};

struct floating {
    struct oct_lowering to;
    const struct oct_network *from;
    int *mapped;    /* [tensors of `from`]: the same in the network that runs, or -1 */
    int *unshifted; /* [tensors of `from`]: the copy of a slice, or -1 */
    int *lowered;   /* [layers of `from`]: the same in the network that runs */
};

static octet_status map_tensor(struct floating *l, int tensor, int *index);

static octet_status map_concat(struct floating *l, const struct oct_tensor *from, int *index)
{
    struct oct_tensor to = *from;
    if (from->member_count < 1 || from->member_count > OCT_CONCAT_MAX)
        return oct_fail(l->to.ctx, OCTET_UNSUPPORTED_MODEL, "concat \"%s\" has %d parts",
                        from->name, from->member_count);
    for (int i = 0; i < from->member_count; i++) {
        octet_status status = map_tensor(l, from->members[i], &to.members[i]);
        if (!status)
            status = oct_lower_as_member(&l->to, &to.members[i]);
        if (status)
            return status;
    }
    return oct_lower_add_tensor(&l->to, &to, index);
}

static octet_status map_slice(struct floating *l, const struct oct_tensor *from, int *index)
{
    struct oct_tensor to = *from;
    const octet_status status = map_tensor(l, from->parent, &to.parent);
    return status ? status : oct_lower_add_tensor(&l->to, &to, index);
}

/* Views are made when they are first read. */
static octet_status map_tensor(struct floating *l, int tensor, int *index)
{
    if (l->mapped[tensor] >= 0) {
        *index = l->mapped[tensor];
        return OCTET_OK;
    }
    const struct oct_tensor *from = &l->from->tensors[tensor];
    octet_status status;
    if (from->kind == OCT_TENSOR_CONCAT)
        status = map_concat(l, from, index);
    else if (from->kind == OCT_TENSOR_SLICE)
        status = map_slice(l, from, index);
    else if (from->kind == OCT_TENSOR_CODED)
        status = map_tensor(l, from->parent, index);
    else
        status = oct_fail(l->to.ctx, OCTET_INTERNAL, "tensor \"%s\" is read before it is written",
                          from->name);
    if (!status)
        l->mapped[tensor] = *index;
    return status;
}

/* A tensor for those who cannot read a slice from any channel on: itself, or a copy of it. Copied
 * once. */
static octet_status map_unshifted(struct floating *l, int tensor, int *index)
{
    octet_status status = map_tensor(l, tensor, index);
    if (status || oct_network_shift(l->to.network, *index) == 0)
        return status;
    if (l->unshifted[tensor] < 0)
        status = oct_lower_add_copy(&l->to, *index, l->to.network->tensors[*index].name,
                                    OCT_TYPE_F32, none, index);
    else
        *index = l->unshifted[tensor];
    l->unshifted[tensor] = *index;
    return status;
}

/* A depthwise convolution as one that reads all channels, zeros but for its own: of what is stored
 * with padding between channels, which only such convolutions read. */
static octet_status read_all(struct floating *l, struct oct_layer *layer)
{
    const size_t channels = (size_t)layer->groups;
    const size_t taps = (size_t)layer->kernel * (size_t)layer->kernel;
    float *values = oct_arena_calloc(l->to.arena, channels * channels * taps, sizeof *values);
    if (!values)
        return oct_fail_memory(l->to.ctx, "the network");
    for (size_t n = 0; n < channels; n++)
        memcpy(values + (n * channels + n) * taps, layer->values + n * taps, taps * sizeof *values);
    layer->values = values;
    layer->groups = 1;
    return OCTET_OK;
}

static octet_status lower_layer(struct floating *l, int layer)
{
    const struct oct_layer *from = &l->from->layers[layer];
    const bool convolution = from->operation == OCT_CONVOLUTION;
    const struct oct_tensor *output = &l->from->tensors[from->output];
    struct oct_layer to = *from;
    octet_status status = convolution && !oct_is_depthwise(from)
                              ? map_tensor(l, from->input, &to.input)
                              : map_unshifted(l, from->input, &to.input);
    if (!status && oct_is_depthwise(from) && !oct_network_contiguous(l->to.network, to.input))
        status = read_all(l, &to);
    if (!status && convolution && from->residual >= 0)
        status = map_unshifted(l, from->residual, &to.residual);
    if (!status)
        status = oct_lower_add_output(&l->to, output->name, output->channels, OCT_TYPE_F32, none,
                                      &to.output);
    if (status)
        return status;
    l->mapped[from->output] = to.output;
    l->lowered[layer] = l->to.network->layer_count;
    return oct_lower_add_layer(&l->to, &to);
}

static octet_status lower_all(struct floating *l)
{
    const struct oct_network *from = l->from;
    struct oct_head *head = &l->to.network->head;
    octet_status status = oct_lower_add_tensor(&l->to, &from->tensors[0], &l->mapped[0]);
    for (int i = 0; i < from->layer_count && !status; i++)
        status = lower_layer(l, i);
    for (int i = 0; i < head->output_count && !status; i++)
        status = map_tensor(l, from->head.outputs[i].tensor, &head->outputs[i].tensor);
    return status;
}

static octet_status tell_sources(const struct floating *l, const int **sources)
{
    const size_t layers = (size_t)l->to.network->layer_count;
    int *all = oct_arena_calloc(l->to.arena, layers, sizeof *all);
    if (!all)
        return oct_fail_memory(l->to.ctx, "the network");
    memset(all, -1, layers * sizeof *all);
    for (int i = 0; i < l->from->layer_count; i++)
        all[l->lowered[i]] = i;
    *sources = all;
    return OCTET_OK;
}

octet_status oct_lower_float(octet_context *ctx, struct oct_arena *arena,
                             const struct oct_network *from, struct oct_network *network,
                             const int **sources)
{
    const size_t tensors = (size_t)from->tensor_count;
    struct floating l = {.from = from};
    size_t copies = 0; /* come from members of concats and from slices alone */
    for (size_t i = 0; i < tensors; i++)
        copies += (size_t)from->tensors[i].member_count +
                  (from->tensors[i].kind == OCT_TENSOR_SLICE ? 1 : 0);
    *network = *from;
    octet_status status = oct_lower_begin(&l.to, ctx, arena, network, tensors + copies,
                                          (size_t)from->layer_count + copies);
    if (status)
        return status;
    l.mapped = oct_arena_calloc(arena, tensors, sizeof *l.mapped);
    l.unshifted = oct_arena_calloc(arena, tensors, sizeof *l.unshifted);
    l.lowered = oct_arena_calloc(arena, (size_t)from->layer_count, sizeof *l.lowered);
    if (!l.mapped || !l.unshifted || !l.lowered)
        return oct_fail_memory(ctx, "the network");
    memset(l.mapped, -1, tensors * sizeof *l.mapped);
    memset(l.unshifted, -1, tensors * sizeof *l.unshifted);
    status = lower_all(&l);
    return status || !sources ? status : tell_sources(&l, sources);
}
