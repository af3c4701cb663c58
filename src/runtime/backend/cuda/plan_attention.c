/* SPDX-License-Identifier: Apache-2.0 */
/* The step of an attention. Each of q, k and v is what a layer writes, and lies in one piece. */
#include "network/softmax.h"
#include "runtime/backend/cuda/gpu_plan.h"

#define THREADS 128
#define DEPTH 32 /* channels of q and k that one product takes */

_Static_assert(OCT_GPU_HEAD_CHANNELS_MAX == OCT_HEAD_CHANNELS_MAX, "channels of a head");

static const char *kernel_of(enum oct_type type, struct oct_head_channels each)
{
    if (type == OCT_TYPE_U8)
        return each.key <= DEPTH ? "attention_u8_32" : "attention_u8_any";
    return type == OCT_TYPE_BF16 ? "attention_bf16" : "attention_f32";
}

octet_status oct_gpu_plan_attention(struct oct_gpu_plan *plan, int index)
{
    const struct oct_network *network = plan->network;
    const struct oct_layer *layer = &network->layers[index];
    const int *parts = network->tensors[layer->input].members;
    const struct oct_network_size size = plan->layout.sizes[layer->output];
    const struct oct_head_channels each = oct_attention_channels(network, layer);
    const enum oct_type type = network->tensors[parts[0]].type;
    const int queries = type == OCT_TYPE_U8 ? OCT_GPU_QUERIES : OCT_GPU_QUERIES_OF_VALUES;
    const int pixels = size.height * size.width / layer->areas;
    const int tiles = (pixels + queries - 1) / queries;
    struct oct_gpu_step *step =
        oct_gpu_plan_add(plan, index, OCT_GPU_ATTENTION, kernel_of(type, each), THREADS);
    if (!step)
        return oct_fail_memory(plan->ctx, "the plan");
    step->channels = oct_gpu_stored(network, layer->output);
    struct oct_gpu_attention *attention = &step->of.attention;
    *attention = (struct oct_gpu_attention){
        .queries = oct_gpu_plan_output(plan, parts[0]),
        .keys = oct_gpu_plan_output(plan, parts[1]),
        .values = oct_gpu_plan_output(plan, parts[2]),
        .output = oct_gpu_plan_output(plan, layer->output),
        .pixels = pixels,
        .areas = layer->areas,
        .tiles = tiles,
        .heads = layer->heads,
        .images = plan->layout.batch,
        .key_channels = each.key,
        .value_channels = each.value,
        .cleared = step->channels - network->tensors[layer->output].channels,
        .unit = layer->factor,
        .by_image_tiles = oct_gpu_divisor_of(layer->areas * tiles),
        .by_tiles = oct_gpu_divisor_of(tiles),
    };
    if (type == OCT_TYPE_U8)
        attention->unit =
            oct_softmax_unit(attention->queries.scale, attention->keys.scale, layer->factor);
    return OCTET_OK;
}
