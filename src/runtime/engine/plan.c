/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/engine/plan.h"

#include <math.h>
#include <string.h>

int oct_plan_stride(const struct oct_plan *plan)
{
    int stride = 1;
    for (int i = 0; i < plan->level_count; i++)
        stride = plan->levels[i].stride > stride ? plan->levels[i].stride : stride;
    return stride;
}

struct oct_plan_channel oct_plan_resolve(const struct oct_plan *plan, int tensor, int channel)
{
    for (;;) {
        const struct oct_plan_tensor *t = &plan->tensors[tensor];
        if (t->kind == OCT_PLAN_SLICE) {
            channel += t->offset;
            tensor = t->parent;
        } else if (t->kind == OCT_PLAN_CONCAT) {
            int member = 0;
            while (member + 1 < t->member_count &&
                   channel >= plan->tensors[t->members[member]].channels)
                channel -= plan->tensors[t->members[member++]].channels;
            tensor = t->members[member];
        } else {
            return (struct oct_plan_channel){tensor, channel};
        }
    }
}

/* What the leaves of a tensor's channels have in common. */
struct leaf_walk {
    const struct oct_plan *plan;
    int first, last; /* leaves; -1 before the first was met */
    bool uniform, contiguous;
};

/* Takes the leaves of channels [begin, end) in order; each once, however many channels it has. */
static void walk_leaves(struct leaf_walk *walk, int tensor, int begin, int end)
{
    const struct oct_plan_tensor *tensors = walk->plan->tensors, *t = &tensors[tensor];
    if (t->kind == OCT_PLAN_SLICE) {
        walk_leaves(walk, t->parent, begin + t->offset, end + t->offset);
    } else if (t->kind == OCT_PLAN_CONCAT) {
        for (int i = 0; i < t->member_count && end > 0; i++) {
            const int channels = tensors[t->members[i]].channels;
            if (begin < channels)
                walk_leaves(walk, t->members[i], begin, end < channels ? end : channels);
            begin = begin < channels ? 0 : begin - channels;
            end -= channels;
        }
    } else {
        const struct oct_plan_tensor *first = &tensors[walk->first < 0 ? tensor : walk->first];
        if (walk->first < 0)
            walk->first = tensor;
        else if (tensors[walk->last].channels % 4) /* stored with padding behind it */
            walk->contiguous = false;
        if (t->scale != first->scale || t->zero_point != first->zero_point)
            walk->uniform = false;
        walk->last = tensor;
    }
}

bool oct_plan_uniform(const struct oct_plan *plan, int tensor, int *leaf)
{
    struct leaf_walk walk = {plan, -1, -1, true, true};
    walk_leaves(&walk, tensor, 0, plan->tensors[tensor].channels);
    *leaf = walk.first;
    return walk.uniform;
}

bool oct_plan_contiguous(const struct oct_plan *plan, int tensor)
{
    struct leaf_walk walk = {plan, -1, -1, true, true};
    walk_leaves(&walk, tensor, 0, plan->tensors[tensor].channels);
    return walk.contiguous;
}

int oct_plan_shift(const struct oct_plan *plan, int tensor)
{
    return oct_plan_resolve(plan, tensor, 0).channel % 4;
}

int64_t oct_plan_layer_weights(const struct oct_plan *plan, const struct oct_plan_layer *layer)
{
    if (layer->operation != OCT_PLAN_CONVOLUTION)
        return 0;
    return (int64_t)plan->tensors[layer->output].channels * plan->tensors[layer->input].channels *
           layer->kernel * layer->kernel;
}

static struct oct_plan_size layer_size(const struct oct_plan_layer *layer, struct oct_plan_size in)
{
    switch (layer->operation) {
    case OCT_PLAN_CONVOLUTION:
        return (struct oct_plan_size){
            (in.height + 2 * layer->padding - layer->kernel) / layer->stride + 1,
            (in.width + 2 * layer->padding - layer->kernel) / layer->stride + 1};
    case OCT_PLAN_UPSAMPLE:
        return (struct oct_plan_size){in.height * 2, in.width * 2};
    case OCT_PLAN_MAX_POOL:
    case OCT_PLAN_COPY:
    case OCT_PLAN_TABLE:
        break;
    }
    return in;
}

/* Fills the views whose parts are known by now; returns false when members differ. Views may come
 * in any order. */
static bool view_sizes(const struct oct_plan *plan, struct oct_plan_size *sizes, int tensor)
{
    const struct oct_plan_tensor *t = &plan->tensors[tensor];
    if (sizes[tensor].height > 0)
        return true;
    if (t->kind == OCT_PLAN_SLICE) {
        if (!view_sizes(plan, sizes, t->parent))
            return false;
        sizes[tensor] = sizes[t->parent];
    }
    for (int i = 0; i < t->member_count; i++) {
        if (!view_sizes(plan, sizes, t->members[i]))
            return false;
        const struct oct_plan_size size = sizes[t->members[i]];
        if (i > 0 && (size.height != sizes[tensor].height || size.width != sizes[tensor].width))
            return false;
        sizes[tensor] = size;
    }
    return sizes[tensor].height > 0;
}

octet_status oct_plan_sizes(octet_context *ctx, const struct oct_plan *plan, int height, int width,
                            struct oct_plan_size *sizes)
{
    memset(sizes, 0, sizeof *sizes * (size_t)plan->tensor_count);
    sizes[0] = (struct oct_plan_size){height, width};
    for (int i = 0; i < plan->layer_count; i++) {
        const struct oct_plan_layer *layer = &plan->layers[i];
        if (!view_sizes(plan, sizes, layer->input))
            return oct_fail(ctx, OCTET_BAD_SHAPE,
                            "layer \"%s\": its input's parts differ in size at %dx%d", layer->name,
                            height, width);
        const struct oct_plan_size size = layer_size(layer, sizes[layer->input]);
        if (size.height < 1 || size.width < 1 || size.height > 32768 || size.width > 32768)
            return oct_fail(ctx, OCTET_BAD_SHAPE, "layer \"%s\": nothing is left at %dx%d",
                            layer->name, height, width);
        sizes[layer->output] = size;
        if (layer->residual >= 0 && (!view_sizes(plan, sizes, layer->residual) ||
                                     sizes[layer->residual].height != size.height ||
                                     sizes[layer->residual].width != size.width))
            return oct_fail(ctx, OCTET_BAD_SHAPE,
                            "layer \"%s\": the residual differs in size at %dx%d", layer->name,
                            height, width);
    }
    for (int i = 0; i < plan->tensor_count;
         i++) /* concats that nobody reads as a whole still name a buffer */
        if (!view_sizes(plan, sizes, i))
            return oct_fail(ctx, OCTET_BAD_SHAPE,
                            "tensor \"%s\": its parts differ in size at %dx%d",
                            plan->tensors[i].name, height, width);
    for (int i = 0; i < plan->level_count; i++) {
        const struct oct_plan_level *level = &plan->levels[i];
        const struct oct_plan_size box = sizes[level->box_tensor],
                                   classes = sizes[level->class_tensor];
        if (box.height != height / level->stride || box.width != width / level->stride ||
            classes.height != box.height || classes.width != box.width)
            return oct_fail(ctx, OCTET_BAD_SHAPE, "head level of stride %d is %dx%d at %dx%d",
                            level->stride, box.height, box.width, height, width);
    }
    return OCTET_OK;
}
