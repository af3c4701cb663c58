/* SPDX-License-Identifier: Apache-2.0 */
/* The step of a convolution: its kernel, and what it reads and writes. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "runtime/backend/cuda/gpu_plan.h"

#define PIXELS_THREADS 128
#define PIXELS_BLOCK 32      /* pixels */
#define PIXELS_WARPS_EACH 24 /* a multiprocessor, at least */
#define F32_THREADS 128
#define RESIDUAL_ALIGNMENT 16 /* channels */
/* code_of() in finish.cuh takes value * inverse_scale down to -2^22; what SiLU gives is above
 * -0.2785. */
#define LOWEST_STEPS (-4000000.0)
#define SILU_LOWEST (-0.2785)

/* ---- what it reads ---- */

/* Appends the groups of a run to the sources, and notes which input channel stands where. */
static bool add_run(const struct oct_gpu_plan *plan, const struct oct_gpu_run *run, int *inputs,
                    uint8_t *zeros, struct oct_gpu_source *sources, int *source_count, int *groups)
{
    const struct oct_gpu_buffer *buffer = &plan->layout.buffers[run->buffer];
    const int each = oct_gpu_group_channels(buffer->type);
    const int first = run->position / each, last = (run->position + run->count - 1) / each;
    const size_t pixel = (size_t)buffer->channels * oct_type_bytes(buffer->type);
    const uint64_t data = buffer->offset + (uint64_t)first * OCT_GPU_GROUP_BYTES;
    struct oct_gpu_source *source = *source_count > 0 ? &sources[*source_count - 1] : NULL;
    const bool goes_on =
        source && source->shift == run->shift &&
        source->data + (uint64_t)(*groups - source->first) * OCT_GPU_GROUP_BYTES == data &&
        source->pixel == (int32_t)pixel;
    if (!goes_on) {
        if (*source_count == OCT_GPU_SOURCES_MAX)
            return false;
        sources[(*source_count)++] = (struct oct_gpu_source){
            .data = data,
            .image = (int64_t)plan->layout.slot_bytes,
            .row = (int32_t)(pixel * (size_t)buffer->width),
            .pixel = (int32_t)pixel,
            .first = *groups,
            .shift = run->shift,
        };
    }
    for (int i = 0; i < run->count; i++)
        inputs[*groups * each + run->position - first * each + i] = run->channel + i;
    for (int g = first; g <= last; g++)
        zeros[*groups + g - first] =
            buffer->type == OCT_TYPE_U8
                ? (uint8_t)plan->network->tensors[run->leaf].quantization.zero_point
                : 0;
    *groups += last - first + 1;
    return true;
}

/* What a convolution's input is made of. */
struct input {
    struct oct_gpu_source sources[OCT_GPU_SOURCES_MAX];
    int source_count, groups;
    int *inputs;    /* [groups * channels of a group] */
    uint8_t *zeros; /* [groups] */
};

/* A source that is the copy of a tensor in one piece. */
static octet_status use_copy(struct oct_gpu_plan *plan, int layer, int tensor, struct input *input)
{
    struct oct_gpu_view view;
    const octet_status status = oct_gpu_plan_copy(plan, layer, tensor, &view);
    const int channels = plan->network->tensors[tensor].channels;
    const int each = oct_gpu_group_channels((enum oct_type)view.type);
    if (status)
        return status;
    input->sources[0] = (struct oct_gpu_source){
        .data = view.data, .image = view.image, .row = view.row, .pixel = view.pixel};
    input->source_count = 1;
    input->groups = (channels + OCT_GPU_CHANNELS - 1) / OCT_GPU_CHANNELS * OCT_GPU_CHANNELS / each;
    for (int c = 0; c < input->groups * each; c++)
        input->inputs[c] = c < channels ? c : -1;
    memset(input->zeros, view.zero_point, (size_t)input->groups);
    return OCTET_OK;
}

static octet_status find_input(struct oct_gpu_plan *plan, int layer, int tensor, bool copied,
                               struct input *input)
{
    int count;
    const struct oct_gpu_run *runs =
        oct_gpu_layout_runs(plan->arena, &plan->layout, tensor, &count);
    const size_t most = (size_t)plan->network->tensors[tensor].channels * 2 +
                        (size_t)OCT_GPU_CHANNELS * (size_t)(count + 1);
    *input = (struct input){0};
    input->inputs = oct_arena_calloc(plan->arena, most, sizeof *input->inputs);
    input->zeros = oct_arena_calloc(plan->arena, most, 1);
    if (!runs || !input->inputs || !input->zeros)
        return oct_fail_memory(plan->ctx, "the plan");
    for (size_t i = 0; i < most; i++)
        input->inputs[i] = -1;
    for (int i = 0; i < count && !copied; i++)
        copied = !add_run(plan, &runs[i], input->inputs, input->zeros, input->sources,
                          &input->source_count, &input->groups);
    return copied ? use_copy(plan, layer, tensor, input) : OCTET_OK;
}

/* ---- which kernel ---- */

/* Whether all that the finish makes of a sum is within what code_of() takes. */
static bool is_bounded(const struct oct_gpu_view *output, const struct oct_gpu_view *residual)
{
    double lowest = SILU_LOWEST;
    if (residual->pixel) /* there is one: its offset may be 0 */
        lowest -= (double)residual->scale * residual->zero_point;
    return lowest * (double)output->inverse_scale > LOWEST_STEPS;
}

static void choose_family(struct oct_gpu_step *step, const struct oct_layer *layer,
                          enum oct_type input)
{
    const struct oct_gpu_view *output = &step->of.conv.output, *residual = &step->of.conv.residual;
    const bool codes = input == OCT_TYPE_U8;
    const bool is_plain = !layer->activation && !residual->pixel && output->type == OCT_GPU_F32;
    const bool same = output->type == (int32_t)input && layer->activation == OCT_ACTIVATION_SILU;
    step->few = step->rows = false;
    if (is_plain) {
        step->family = codes ? "conv_u8_values" : "conv_bf16_values";
        step->few = !codes;
    } else if (same && !residual->pixel && (!codes || is_bounded(output, residual))) {
        step->family = codes ? "conv_u8_silu" : "conv_bf16_silu";
        step->rows = true;
    } else if (same && codes && residual->type == OCT_GPU_U8 && is_bounded(output, residual)) {
        step->family = "conv_u8_residual";
        step->rows = true;
    } else {
        step->family = codes ? "conv_u8_any" : "conv_bf16_any";
        step->few = true;
    }
}

bool oct_gpu_step_tile(struct oct_gpu_step *step, const struct oct_gpu_tile *tile, size_t room,
                       int most_groups)
{
    struct oct_gpu_conv conv = step->of.conv;
    if (tile->by_rows && !step->rows)
        return false;
    const size_t bytes = oct_gpu_conv_cut(&conv, step->channels, tile, room, most_groups);
    if (!bytes || oct_gpu_conv_blocks(&conv) > INT32_MAX)
        return false;
    step->of.conv = conv;
    step->tile = tile;
    step->shared_bytes = bytes;
    step->threads = 32u * (unsigned)(tile->m * tile->n * tile->k);
    snprintf(step->kernel, sizeof step->kernel, "%s_%s", step->family, tile->name);
    return true;
}

/* The largest tile of which every multiprocessor gets two blocks, else the smallest. */
static bool choose_tile(const struct oct_gpu_plan *plan, struct oct_gpu_step *step)
{
    int count;
    const struct oct_gpu_tile *tiles =
        step->few ? oct_gpu_tiles_few(&count) : oct_gpu_tiles(&count);
    const struct oct_gpu_tile *best = NULL;
    for (int pass = 0; pass < 2 && !best; pass++) {
        for (int i = 0; i < count; i++) {
            const int size = tiles[i].pixels * tiles[i].channels;
            const int best_size = best ? best->pixels * best->channels : 0;
            if (!oct_gpu_step_tile(step, &tiles[i], plan->limits.shared_bytes_a_block, INT_MAX))
                continue;
            const bool fills =
                oct_gpu_conv_blocks(&step->of.conv) >= 2 * plan->limits.multiprocessors;
            if (pass == 0 ? fills && size > best_size : !best || size < best_size)
                best = &tiles[i];
        }
    }
    return best && oct_gpu_step_tile(step, best, plan->limits.shared_bytes_a_block, INT_MAX);
}

/* ---- steps ---- */

struct job {
    const struct oct_layer *layer;
    int index;
    enum oct_type type; /* of the input */
    struct oct_network_size in, out;
    int channels; /* of the output, stored */
    struct input input;
    struct oct_gpu_view output, residual;
};

static octet_status add_matrix_step(struct oct_gpu_plan *plan, const struct job *job)
{
    struct oct_gpu_step *step = oct_gpu_plan_add(plan, job->index, OCT_GPU_CONV, "", 0);
    if (!step)
        return oct_fail_memory(plan->ctx, "the plan");
    step->channels = job->channels;
    step->inputs = job->input.inputs;
    step->zeros = job->input.zeros;
    struct oct_gpu_conv *conv = &step->of.conv;
    *conv = (struct oct_gpu_conv){
        .source_count = job->input.source_count,
        .groups = job->input.groups,
        .kernel = job->layer->kernel,
        .stride = job->layer->stride,
        .padding = job->layer->padding,
        .input_height = job->in.height,
        .input_width = job->in.width,
        .height = job->out.height,
        .width = job->out.width,
        .images = plan->layout.batch,
        .activation = oct_gpu_activation_of(job->layer),
        .output = job->output,
        .residual = job->residual,
    };
    memcpy(conv->sources, job->input.sources, sizeof conv->sources);
    choose_family(step, job->layer, job->type);
    if (!choose_tile(plan, step))
        return oct_fail(plan->ctx, OCTET_UNSUPPORTED_DEVICE,
                        "layer \"%s\" does not fit this GPU's shared memory", job->layer->name);
    return OCTET_OK;
}

static octet_status add_f32_step(struct oct_gpu_plan *plan, const struct job *job)
{
    struct oct_gpu_step *step =
        oct_gpu_plan_add(plan, job->index, OCT_GPU_CONV_F32, "conv_f32", F32_THREADS);
    if (!step)
        return oct_fail_memory(plan->ctx, "the plan");
    step->channels = job->channels;
    step->inputs = job->input.inputs;
    step->of.conv_f32 = (struct oct_gpu_conv_f32){
        .source_count = job->input.source_count,
        .groups = job->input.groups,
        .kernel = job->layer->kernel,
        .stride = job->layer->stride,
        .padding = job->layer->padding,
        .input_height = job->in.height,
        .input_width = job->in.width,
        .height = job->out.height,
        .width = job->out.width,
        .images = plan->layout.batch,
        .channels = job->channels,
        .activation = oct_gpu_activation_of(job->layer),
        .output = job->output,
        .residual = job->residual,
    };
    memcpy(step->of.conv_f32.sources, job->input.sources, sizeof job->input.sources);
    return OCTET_OK;
}

static const struct oct_gpu_pixels_kernel pixels_kernels[] = {
    {"conv_pixels_32_4", "conv_pixels_any_32_4", 32, 4, 1, 2},
    {"conv_pixels_16_4", "conv_pixels_any_16_4", 16, 4, 1, 2},
    {"conv_pixels_16_8", "conv_pixels_any_16_8", 16, 8, 2, 8},
    {"conv_pixels_16_15", "conv_pixels_any_16_15", 16, 15, 4, 30},
};

const struct oct_gpu_pixels_kernel *oct_gpu_pixels_kernel(int channels, int kernel)
{
    const struct oct_gpu_pixels_kernel *found = pixels_kernels;
    while (channels % found->channels || kernel > found->kernel)
        found++;
    return found;
}

/* Into how many runs a row's blocks are cut: into fewer than blocks only as long as all
 * multiprocessors have warps enough. */
static int count_runs(const struct oct_gpu_plan *plan, int blocks, int rows)
{
    const int wanted = plan->limits.multiprocessors * PIXELS_WARPS_EACH;
    const int runs = (wanted + rows - 1) / rows;
    return runs < 1 ? 1 : runs > blocks ? blocks : runs;
}

static octet_status add_pixels_step(struct oct_gpu_plan *plan, const struct job *job)
{
    const struct oct_gpu_pixels_kernel *kernel =
        oct_gpu_pixels_kernel(job->channels, job->layer->kernel);
    const bool any = job->layer->activation > OCT_ACTIVATION_SILU;
    struct oct_gpu_step *step = oct_gpu_plan_add(plan, job->index, OCT_GPU_PIXELS,
                                                 any ? kernel->any : kernel->name, PIXELS_THREADS);
    if (!step)
        return oct_fail_memory(plan->ctx, "the plan");
    const int blocks = (job->out.width + PIXELS_BLOCK - 1) / PIXELS_BLOCK;
    const int runs = count_runs(plan, blocks, job->out.height * plan->layout.batch);
    step->channels = job->channels;
    step->inputs = job->input.inputs;
    step->of.pixels = (struct oct_gpu_pixels){
        .input = job->input.sources[0].data,
        .input_image = job->input.sources[0].image,
        .input_height = job->in.height,
        .input_width = job->in.width,
        .height = job->out.height,
        .width = job->out.width,
        .images = plan->layout.batch,
        .kernel = job->layer->kernel,
        .stride = job->layer->stride,
        .padding = job->layer->padding,
        .by_runs = oct_gpu_divisor_of(runs),
        .by_height = oct_gpu_divisor_of(job->out.height),
        .runs = runs,
        .run_blocks = (blocks + runs - 1) / runs,
        .channels = job->channels,
        .silu = job->layer->activation == OCT_ACTIVATION_SILU &&
                is_bounded(&job->output, &job->residual),
        .any_silu = job->layer->activation == OCT_ACTIVATION_SILU,
        .activation = oct_gpu_activation_of(job->layer),
        .output = job->output,
    };
    return OCTET_OK;
}

static bool reads_picture(const struct oct_gpu_plan *plan, const struct oct_layer *layer)
{
    return oct_network_resolve(plan->network, layer->input, 0).tensor == 0;
}

octet_status oct_gpu_plan_conv(struct oct_gpu_plan *plan, int index)
{
    const struct oct_layer *layer = &plan->network->layers[index];
    struct job job = {
        .layer = layer,
        .index = index,
        .type =
            plan->network->tensors[oct_network_resolve(plan->network, layer->input, 0).tensor].type,
        .in = plan->layout.sizes[layer->input],
        .out = plan->layout.sizes[layer->output],
        .channels = oct_gpu_stored(plan->network, layer->output),
        .output = oct_gpu_plan_output(plan, layer->output),
    };
    octet_status status = OCTET_OK;
    if (layer->residual >= 0)
        status = oct_gpu_plan_view(plan, index, layer->residual, RESIDUAL_ALIGNMENT, &job.residual);
    /* Pixels of codes are 4 bytes: only their own kernel reads them, and it adds nothing. */
    const bool pixels = job.type == OCT_TYPE_U8 && reads_picture(plan, layer);
    if (!status)
        status = find_input(plan, index, layer->input, pixels && layer->residual >= 0, &job.input);
    if (status)
        return status;
    if (pixels && layer->residual < 0)
        return add_pixels_step(plan, &job);
    return job.type == OCT_TYPE_F32 ? add_f32_step(plan, &job) : add_matrix_step(plan, &job);
}
