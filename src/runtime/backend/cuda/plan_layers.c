/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of every layer. */
#include <stdio.h>
#include <string.h>

#include "runtime/backend/cuda/gpu_plan.h"

#define MOVE_THREADS 128
#define CHAIN_THREADS 256

/* The numbers of parameters.h are those of enum oct_type. */
_Static_assert((int)OCT_GPU_U8 == (int)OCT_TYPE_U8 && (int)OCT_GPU_F32 == (int)OCT_TYPE_F32 &&
                   (int)OCT_GPU_BF16 == (int)OCT_TYPE_BF16,
               "types of elements");

struct oct_gpu_step *oct_gpu_plan_add(struct oct_gpu_plan *plan, int layer, enum oct_gpu_kind kind,
                                      const char *kernel, unsigned threads)
{
    if (plan->step_count == plan->step_capacity) {
        const int capacity = plan->step_capacity ? 2 * plan->step_capacity : 128;
        struct oct_gpu_step *steps = oct_arena_calloc(plan->arena, (size_t)capacity, sizeof *steps);
        if (!steps)
            return NULL;
        if (plan->step_count)
            memcpy(steps, plan->steps, sizeof *steps * (size_t)plan->step_count);
        plan->steps = steps;
        plan->step_capacity = capacity;
    }
    plan->last_steps[layer] = plan->step_count;
    struct oct_gpu_step *step = &plan->steps[plan->step_count++];
    step->layer = layer;
    step->kind = kind;
    step->threads = threads;
    snprintf(step->kernel, sizeof step->kernel, "%s", kernel);
    return step;
}

/* ---- views ---- */

static struct oct_gpu_view buffer_view(const struct oct_gpu_plan *plan, int buffer, int position,
                                       struct oct_quantization quantization)
{
    const struct oct_gpu_buffer *b = &plan->layout.buffers[buffer];
    const size_t element = oct_type_bytes(b->type);
    const size_t pixel = (size_t)b->channels * element;
    const bool codes = b->type == OCT_TYPE_U8;
    return (struct oct_gpu_view){
        .data = b->offset + (size_t)position * element,
        .image = (int64_t)plan->layout.slot_bytes,
        .row = (int32_t)(pixel * (size_t)b->width),
        .pixel = (int32_t)pixel,
        .type = (int32_t)b->type,
        .zero_point = codes ? quantization.zero_point : 0,
        .scale = codes ? quantization.scale : 0.0f,
        .inverse_scale = codes ? 1.0f / quantization.scale : 0.0f,
    };
}

struct oct_gpu_view oct_gpu_plan_output(const struct oct_gpu_plan *plan, int tensor)
{
    const struct oct_gpu_place *place = &plan->layout.places[tensor];
    return buffer_view(plan, place->buffer, place->channel,
                       plan->network->tensors[tensor].quantization);
}

static void set_size(const struct oct_gpu_plan *plan, int tensor, int32_t *height, int32_t *width)
{
    *height = plan->layout.sizes[tensor].height;
    *width = plan->layout.sizes[tensor].width;
}

/* Copies a run of channels to where `output` points. */
static octet_status move_run(struct oct_gpu_plan *plan, int layer, const struct oct_gpu_run *run,
                             struct oct_gpu_view output, int tensor, int cleared)
{
    struct oct_gpu_step *step =
        oct_gpu_plan_add(plan, layer, OCT_GPU_MOVE, "move_elements", MOVE_THREADS);
    if (!step)
        return oct_fail_memory(plan->ctx, "the plan");
    struct oct_gpu_move *move = &step->of.move;
    move->input = buffer_view(plan, run->buffer, run->position,
                              plan->network->tensors[run->leaf].quantization);
    output.data += (uint64_t)run->channel * oct_type_bytes((enum oct_type)output.type);
    move->output = output;
    move->shift = run->shift;
    move->channels = run->count;
    move->cleared = cleared;
    move->images = plan->layout.batch;
    set_size(plan, tensor, &move->height, &move->width);
    return OCTET_OK;
}

/* All channels of a tensor to `output`, `cleared` zeros behind them. */
static octet_status move_tensor(struct oct_gpu_plan *plan, int layer, int tensor,
                                const struct oct_gpu_view *output, int cleared, int shift)
{
    int count;
    octet_status status = OCTET_OK;
    struct oct_gpu_run *runs = oct_gpu_layout_runs(plan->arena, &plan->layout, tensor, &count);
    if (!runs)
        return oct_fail_memory(plan->ctx, "the plan");
    const int target = shift ? plan->network->layers[layer].output : tensor;
    for (int i = 0; i < count && !status; i++) {
        runs[i].shift += shift;
        status = move_run(plan, layer, &runs[i], *output, target, i + 1 < count ? 0 : cleared);
    }
    return status;
}

octet_status oct_gpu_plan_copy(struct oct_gpu_plan *plan, int layer, int tensor,
                               struct oct_gpu_view *view)
{
    const struct oct_network *network = plan->network;
    const struct oct_network_channel leaf = oct_network_resolve(network, tensor, 0);
    const struct oct_tensor *from = &network->tensors[leaf.tensor];
    const struct oct_network_size size = plan->layout.sizes[tensor];
    const int channels = network->tensors[tensor].channels;
    const int stored = (channels + OCT_GPU_CHANNELS - 1) / OCT_GPU_CHANNELS * OCT_GPU_CHANNELS;
    const size_t pixel = (size_t)stored * oct_type_bytes(from->type);
    const bool codes = from->type == OCT_TYPE_U8;
    struct oct_gpu_gather *gather = &plan->gathers[plan->gather_count++];
    size_t image, all;
    if (!oct_gpu_image_bytes(size, pixel, plan->layout.batch, &image, &all))
        return oct_fail_memory(plan->ctx, "activations of this size");
    *view = (struct oct_gpu_view){
        .data = plan->layout.arena_bytes,
        .image = (int64_t)image,
        .row = (int32_t)(pixel * (size_t)size.width),
        .pixel = (int32_t)pixel,
        .type = (int32_t)from->type,
        .zero_point = codes ? from->quantization.zero_point : 0,
        .scale = codes ? from->quantization.scale : 0.0f,
        .inverse_scale = codes ? 1.0f / from->quantization.scale : 0.0f,
    };
    *gather = (struct oct_gpu_gather){layer, tensor, plan->layout.arena_bytes, *view};
    plan->layout.arena_bytes += all;
    return move_tensor(plan, layer, tensor, view, stored - channels, 0);
}

/* Whether runs stand side by side in one buffer. */
static bool in_one_piece(const struct oct_gpu_run *runs, int count, int alignment)
{
    for (int i = 1; i < count; i++)
        if (runs[i].buffer != runs[0].buffer || runs[i].shift != runs[0].shift ||
            runs[i].position != runs[i - 1].position + runs[i - 1].count)
            return false;
    return runs[0].shift == 0 && runs[0].position % alignment == 0;
}

/* Whether what kernels take for the tensor's padding is that of the last tensor written in it:
 * behind a slice there may be channels that are being written, or the next pixel, as in the
 * picture. */
static bool is_padded(const struct oct_gpu_plan *plan, const struct oct_gpu_run *runs, int count,
                      int tensor)
{
    const int channels = plan->network->tensors[tensor].channels, leaf = runs[count - 1].leaf;
    const int stored = (channels + OCT_GPU_CHANNELS - 1) / OCT_GPU_CHANNELS * OCT_GPU_CHANNELS;
    return runs[0].position + stored <=
           plan->layout.places[leaf].channel + oct_gpu_stored(plan->network, leaf);
}

octet_status oct_gpu_plan_view(struct oct_gpu_plan *plan, int layer, int tensor, int alignment,
                               struct oct_gpu_view *view)
{
    int count;
    const struct oct_gpu_run *runs =
        oct_gpu_layout_runs(plan->arena, &plan->layout, tensor, &count);
    if (!runs)
        return oct_fail_memory(plan->ctx, "the plan");
    if (!in_one_piece(runs, count, alignment) || !is_padded(plan, runs, count, tensor))
        return oct_gpu_plan_copy(plan, layer, tensor, view);
    *view = buffer_view(plan, runs[0].buffer, runs[0].position,
                        plan->network->tensors[runs[0].leaf].quantization);
    return OCTET_OK;
}

/* ---- layers ---- */

/* How many pools from layer `index` on work one on what the other gives, all in one buffer, in
 * planes that fit shared memory: 1 where they do not. */
static int chain_length(const struct oct_gpu_plan *plan, int index)
{
    const struct oct_network *network = plan->network;
    const struct oct_layer *layers = &network->layers[index];
    const struct oct_gpu_place *places = plan->layout.places;
    const struct oct_network_size size = plan->layout.sizes[layers->output];
    const size_t plane = (size_t)size.height * (size_t)size.width * OCT_GPU_GROUP_BYTES;
    const int buffer = places[oct_network_resolve(network, layers->input, 0).tensor].buffer;
    int count = 0;
    while (count < OCT_GPU_CHAIN_MAX && index + count < network->layer_count &&
           layers[count].operation == OCT_MAX_POOL && layers[count].kernel == layers->kernel &&
           (count == 0 || layers[count].input == layers[count - 1].output) &&
           places[layers[count].output].buffer == buffer)
        count++;
    return count > 1 && 2 * plane <= plan->limits.shared_bytes_a_block ? count : 1;
}

static octet_status plan_chain(struct oct_gpu_plan *plan, int index, int count,
                               const struct oct_gpu_view *input)
{
    static const char *const kernels[] = {
        [OCT_TYPE_U8] = "chain_u8", [OCT_TYPE_F32] = "chain_f32", [OCT_TYPE_BF16] = "chain_bf16"};
    const struct oct_layer *layers = &plan->network->layers[index];
    const enum oct_type type = plan->network->tensors[layers->output].type;
    struct oct_gpu_step *step =
        oct_gpu_plan_add(plan, index, OCT_GPU_CHAIN, kernels[type], CHAIN_THREADS);
    if (!step)
        return oct_fail_memory(plan->ctx, "the plan");
    struct oct_gpu_chain *chain = &step->of.chain;
    step->channels = oct_gpu_stored(plan->network, layers->output);
    chain->input = *input;
    chain->count = count;
    chain->groups = step->channels / oct_gpu_group_channels(type);
    chain->images = plan->layout.batch;
    chain->kernel = layers->kernel;
    set_size(plan, layers->output, &chain->height, &chain->width);
    step->shared_bytes = 2 * (size_t)chain->height * (size_t)chain->width * OCT_GPU_GROUP_BYTES;
    for (int i = 0; i < count; i++) {
        chain->outputs[i] = oct_gpu_plan_output(plan, layers[i].output);
        plan->last_steps[index + i] = plan->last_steps[index];
    }
    return OCTET_OK;
}

static octet_status add_pool(struct oct_gpu_plan *plan, int index, const char *kernel,
                             const struct oct_gpu_view *input)
{
    const struct oct_layer *layer = &plan->network->layers[index];
    const enum oct_type type = plan->network->tensors[layer->output].type;
    const bool same_size = layer->operation == OCT_MAX_POOL;
    struct oct_gpu_step *step = oct_gpu_plan_add(plan, index, OCT_GPU_POOL, kernel, MOVE_THREADS);
    if (!step)
        return oct_fail_memory(plan->ctx, "the plan");
    struct oct_gpu_pool *pool = &step->of.pool;
    step->channels = oct_gpu_stored(plan->network, layer->output);
    pool->input = *input;
    pool->output = oct_gpu_plan_output(plan, layer->output);
    pool->groups = step->channels / oct_gpu_group_channels(type);
    pool->images = plan->layout.batch;
    pool->kernel = layer->kernel;
    pool->stride = same_size ? 1 : layer->stride;
    pool->padding = same_size ? layer->kernel / 2 : layer->padding;
    pool->zeros = layer->operation == OCT_WINDOW_MEAN || layer->zeros;
    pool->share =
        (type == OCT_TYPE_U8 ? input->scale : 1.0f) / (float)(layer->kernel * layer->kernel);
    set_size(plan, layer->input, &pool->input_height, &pool->input_width);
    set_size(plan, layer->output, &pool->height, &pool->width);
    return OCTET_OK;
}

static octet_status plan_pool(struct oct_gpu_plan *plan, int index)
{
    static const char *const kernels[][OCT_TYPE_COUNT] = {
        {[OCT_TYPE_U8] = "pool_u8", [OCT_TYPE_F32] = "pool_f32", [OCT_TYPE_BF16] = "pool_bf16"},
        {[OCT_TYPE_U8] = "mean_u8", [OCT_TYPE_F32] = "mean_f32", [OCT_TYPE_BF16] = "mean_bf16"}};
    const struct oct_layer *layer = &plan->network->layers[index];
    const enum oct_type type = plan->network->tensors[layer->output].type;
    struct oct_gpu_view input;
    octet_status status =
        oct_gpu_plan_view(plan, index, layer->input, oct_gpu_group_channels(type), &input);
    if (status)
        return status;
    const int count = layer->operation == OCT_MAX_POOL ? chain_length(plan, index) : 1;
    return count > 1
               ? plan_chain(plan, index, count, &input)
               : add_pool(plan, index, kernels[layer->operation == OCT_WINDOW_MEAN][type], &input);
}

/* One channel after another from its quarter of the depth. */
static octet_status plan_depth(struct oct_gpu_plan *plan, int index)
{
    const struct oct_layer *layer = &plan->network->layers[index];
    const int channels = plan->network->tensors[layer->output].channels;
    struct oct_gpu_view input;
    const octet_status status = oct_gpu_plan_view(plan, index, layer->input, 1, &input);
    if (status)
        return status;
    struct oct_gpu_step *step =
        oct_gpu_plan_add(plan, index, OCT_GPU_MOVE, "move_elements", MOVE_THREADS);
    if (!step)
        return oct_fail_memory(plan->ctx, "the plan");
    struct oct_gpu_move *move = &step->of.move;
    move->input = input;
    move->output = oct_gpu_plan_output(plan, layer->output);
    move->shift = 1;
    move->depth = move->channels = channels;
    move->cleared = oct_gpu_stored(plan->network, layer->output) - channels;
    move->images = plan->layout.batch;
    set_size(plan, layer->output, &move->height, &move->width);
    return OCTET_OK;
}

static octet_status plan_table(struct oct_gpu_plan *plan, int index)
{
    const struct oct_layer *layer = &plan->network->layers[index];
    struct oct_gpu_view input, residual = {0};
    octet_status status = oct_gpu_plan_view(plan, index, layer->input, 1, &input);
    if (!status && layer->residual >= 0)
        status = oct_gpu_plan_view(plan, index, layer->residual, 1, &residual);
    if (status)
        return status;
    struct oct_gpu_step *step =
        oct_gpu_plan_add(plan, index, OCT_GPU_TABLE, "look_up", MOVE_THREADS);
    if (!step)
        return oct_fail_memory(plan->ctx, "the plan");
    struct oct_gpu_table *table = &step->of.table;
    table->input = input;
    table->residual = residual;
    table->output = oct_gpu_plan_output(plan, layer->output);
    table->channels = oct_gpu_stored(plan->network, layer->output); /* what pads are numbers */
    table->images = plan->layout.batch;
    set_size(plan, layer->output, &table->height, &table->width);
    return OCTET_OK;
}

static octet_status plan_move(struct oct_gpu_plan *plan, int index)
{
    const struct oct_layer *layer = &plan->network->layers[index];
    const struct oct_gpu_view output = oct_gpu_plan_output(plan, layer->output);
    const int channels = plan->network->tensors[layer->output].channels;
    return move_tensor(plan, index, layer->input, &output,
                       oct_gpu_stored(plan->network, layer->output) - channels,
                       layer->operation == OCT_UPSAMPLE);
}

static octet_status plan_layer(struct oct_gpu_plan *plan, int index)
{
    if (plan->layout.read_through[index] || plan->last_steps[index] >= 0) /* in a chain */
        return OCTET_OK;
    switch (plan->network->layers[index].operation) {
    case OCT_CONVOLUTION:
        return oct_is_depthwise(&plan->network->layers[index]) ? oct_gpu_plan_depthwise(plan, index)
                                                               : oct_gpu_plan_conv(plan, index);
    case OCT_MAX_POOL:
    case OCT_WINDOW_MAX:
    case OCT_WINDOW_MEAN:
        return plan_pool(plan, index);
    case OCT_DEPTH_TO_SPACE:
        return plan_depth(plan, index);
    case OCT_TABLE:
        return plan_table(plan, index);
    case OCT_UPSAMPLE:
    case OCT_COPY:
        return plan_move(plan, index);
    case OCT_ATTENTION:
        return oct_gpu_plan_attention(plan, index);
    }
    return OCTET_OK;
}

octet_status oct_gpu_plan_make(octet_context *ctx, struct oct_arena *arena,
                               const struct oct_network *network, int height, int width, int batch,
                               const struct oct_gpu_limits *limits, struct oct_gpu_plan *plan)
{
    const size_t layers = (size_t)network->layer_count;
    *plan =
        (struct oct_gpu_plan){.ctx = ctx, .arena = arena, .network = network, .limits = *limits};
    octet_status status =
        oct_gpu_layout_make(ctx, arena, network, height, width, batch, &plan->layout);
    if (status)
        return status;
    plan->last_steps = oct_arena_calloc(arena, layers, sizeof *plan->last_steps);
    plan->gathers = oct_arena_calloc(arena, 2 * layers, sizeof *plan->gathers);
    if (!plan->last_steps || !plan->gathers)
        return oct_fail_memory(ctx, "the plan");
    for (size_t i = 0; i < layers; i++)
        plan->last_steps[i] = -1;
    for (int i = 0; i < network->layer_count && !status; i++)
        status = plan_layer(plan, i);
    return status ? status : oct_gpu_plan_order(plan);
}
