/* SPDX-License-Identifier: Apache-2.0 */
/* From network and layout to steps: for every layer its kernel, its packed weights, and its jobs,
 * whose views are final. */
#include "runtime/backend/cpu/cpu_state.h"

/* Where pictures and head tensors together are larger, they are written past the caches: reading
 * them after the run misses anyway, and weights and activations stay. It is more than the
 * second-level caches hold (0.25 to 2 MiB) and less than one picture at 640x640 brings (1.6 + 4.8
 * MB), where it was measured: the head's large convolutions take 0.24 instead of 0.34 ms. */
#define STREAMED_BYTES ((size_t)4 << 20)

static void keep_scratch(struct oct_cpu *cpu, size_t bytes)
{
    cpu->scratch_bytes = bytes > cpu->scratch_bytes ? bytes : cpu->scratch_bytes;
}

static octet_status prepare_convolution(struct oct_cpu *cpu, struct oct_step *step,
                                        struct oct_conv_job *job)
{
    const struct oct_layer *layer = step->layer;
    const struct oct_layout *layout = &cpu->layout;
    job->activation = layer->activation;
    job->slope = layer->slope;
    job->streamed = oct_layout_of_picture(layout, layer->output) &&
                    layout->picture_bytes * (size_t)cpu->batch > STREAMED_BYTES;
    job->shape = (struct oct_conv_shape){
        .input_channels = oct_layout_extent(layout, cpu->network, layer->input),
        .output_channels = step->channels,
        .kernel = layer->kernel,
        .stride = layer->stride,
        .depthwise = oct_is_depthwise(layer),
        .output_height = step->height,
        .output_width = step->width,
        .input_pixel = (int)cpu->views[layer->input].pixel,
    };
    const octet_status status = oct_cpu_choose_kernel(cpu, step, job);
    if (!status)
        keep_scratch(cpu, step->kernel->scratch_bytes(&job->shape));
    return status;
}

static void prepare_pool(struct oct_cpu *cpu, struct oct_step *step, struct oct_pool_job *job)
{
    const struct oct_layer *layer = step->layer;
    const struct oct_view *input = &cpu->views[layer->input];
    const struct oct_network_size size = cpu->layout.sizes[layer->input];
    const enum oct_type type = input->type;
    const bool same_size = layer->operation == OCT_MAX_POOL;
    const bool means = layer->operation == OCT_WINDOW_MEAN;
    const int padding = same_size ? layer->kernel / 2 : layer->padding;
    const int behind = means || layer->zeros ? layer->padding + layer->uneven : 0;
    const float unit = type == OCT_TYPE_U8 ? input->quantization.scale : 1.0f;
    *job = (struct oct_pool_job){.input.type = type,
                                 .output.type = type,
                                 .channels = step->channels,
                                 .height = step->height,
                                 .width = step->width,
                                 .kernel = layer->kernel,
                                 .stride = same_size ? 1 : layer->stride,
                                 .padding = padding,
                                 .first = means || layer->zeros ? -padding : 0,
                                 .end_row = size.height + behind,
                                 .end_column = size.width + behind,
                                 .share = unit / (float)(layer->kernel * layer->kernel)};
    step->pool = means                  ? cpu->kernels.mean_pool
                 : type == OCT_TYPE_U8  ? cpu->kernels.max_pool_u8
                 : type == OCT_TYPE_F32 ? cpu->kernels.max_pool_f32
                                        : cpu->kernels.max_pool_half;
    keep_scratch(cpu, cpu->kernels.pool_scratch_bytes(job));
}

static void prepare_attention(struct oct_cpu *cpu, struct oct_step *step,
                              struct oct_attention_job *job)
{
    const struct oct_layer *layer = step->layer;
    const struct oct_head_channels each = oct_attention_channels(cpu->network, layer);
    const bool codes = oct_layout_type(&cpu->layout, layer->input) == OCT_TYPE_U8;
    *job = (struct oct_attention_job){.heads = layer->heads,
                                      .key_channels = each.key,
                                      .value_channels = each.value,
                                      .height = step->height,
                                      .width = step->width,
                                      .areas = layer->areas,
                                      .factor = layer->factor};
    step->attention = codes ? cpu->kernels.attention_u8 : cpu->kernels.attention_float;
    keep_scratch(cpu, step->attention->scratch_bytes(job));
}

/* All channels, the padding with them; but behind a shifted slice, or a part of the depth, lie
 * others' elements, or nobody's. */
static void prepare_move(const struct oct_cpu *cpu, const struct oct_step *step,
                         struct oct_move_job *job)
{
    const bool shifted = oct_network_shift(cpu->network, step->layer->input) > 0 ||
                         step->layer->operation == OCT_DEPTH_TO_SPACE;
    job->copied = shifted ? cpu->network->tensors[step->layer->output].channels : step->channels;
    job->cleared = step->channels - job->copied;
}

/* What a job of the step says whatever the picture. */
static octet_status prepare_job(struct oct_cpu *cpu, struct oct_step *step,
                                struct oct_step_job *job)
{
    switch (step->layer->operation) {
    case OCT_CONVOLUTION:
        return prepare_convolution(cpu, step, &job->conv);
    case OCT_MAX_POOL:
    case OCT_WINDOW_MAX:
    case OCT_WINDOW_MEAN:
        prepare_pool(cpu, step, &job->pool);
        break;
    case OCT_TABLE:
        job->table.table = step->layer->table;
        job->table.channels = step->channels;
        job->table.width = step->width;
        break;
    case OCT_ATTENTION:
        prepare_attention(cpu, step, &job->attention);
        break;
    case OCT_UPSAMPLE:
    case OCT_COPY:
    case OCT_DEPTH_TO_SPACE:
        prepare_move(cpu, step, &job->move);
        break;
    }
    return OCTET_OK;
}

/* `view` from another element on: `elements` may be negative. */
static struct oct_view moved(struct oct_view view, ptrdiff_t elements)
{
    view.data = (char *)view.data + elements * (ptrdiff_t)oct_type_bytes(view.type);
    return view;
}

static void bind_views(const struct oct_cpu *cpu, const struct oct_step *step, int slot,
                       struct oct_step_job *job)
{
    const struct oct_layer *layer = step->layer;
    const struct oct_view input = oct_cpu_view(cpu, slot, layer->input);
    struct oct_view residual = {0};
    if (layer->residual >= 0)
        residual = oct_cpu_view(cpu, slot, layer->residual);
    job->output = oct_cpu_view(cpu, slot, layer->output);
    switch (layer->operation) {
    case OCT_CONVOLUTION: /* from where tap (0, 0) of the first pixel reads, in the border */
        job->conv.input = moved(input, -(ptrdiff_t)(input.row + input.pixel) * layer->padding);
        job->conv.output = job->output;
        job->conv.residual = residual;
        break;
    case OCT_MAX_POOL:
    case OCT_WINDOW_MAX:
    case OCT_WINDOW_MEAN:
        job->pool.input = input;
        job->pool.output = job->output;
        break;
    case OCT_TABLE:
        job->table.input = input;
        job->table.output = job->output;
        job->table.residual = residual;
        break;
    case OCT_ATTENTION: {
        const int *parts = cpu->network->tensors[layer->input].members;
        job->attention.queries = oct_cpu_view(cpu, slot, parts[0]);
        job->attention.keys = oct_cpu_view(cpu, slot, parts[1]);
        job->attention.values = oct_cpu_view(cpu, slot, parts[2]);
        job->attention.output = job->output;
        break;
    }
    case OCT_UPSAMPLE:
    case OCT_COPY:
    case OCT_DEPTH_TO_SPACE:
        job->move.input = moved(input, oct_network_shift(cpu->network, layer->input));
        job->move.output = job->output;
        break;
    }
}

/* Whether the step reads or writes what each picture has of its own. */
static bool of_picture(const struct oct_cpu *cpu, const struct oct_layer *layer)
{
    return oct_layout_of_picture(&cpu->layout, layer->input) ||
           oct_layout_of_picture(&cpu->layout, layer->output) ||
           (layer->residual >= 0 && oct_layout_of_picture(&cpu->layout, layer->residual));
}

static octet_status prepare_step(struct oct_cpu *cpu, const struct oct_layer *layer,
                                 struct oct_step *step)
{
    const struct oct_layout_tensor *place = &cpu->layout.tensors[layer->output];
    step->layer = layer;
    step->height = cpu->layout.sizes[layer->output].height;
    step->width = cpu->layout.sizes[layer->output].width;
    step->channels = place->stored;
    step->border = cpu->layout.buffers[place->buffer].border;
    step->jobs_a_slot = of_picture(cpu, layer);
    const int jobs = step->jobs_a_slot ? cpu->batch : 1;
    step->jobs = oct_arena_calloc(&cpu->arena, (size_t)jobs, sizeof *step->jobs);
    if (!step->jobs)
        return oct_fail_memory(cpu->ctx, "the session");
    const octet_status status = prepare_job(cpu, step, &step->jobs[0]);
    for (int slot = 0; slot < jobs; slot++) {
        step->jobs[slot] = step->jobs[0];
        bind_views(cpu, step, slot, &step->jobs[slot]);
    }
    if (!status)
        oct_cpu_divide_work(step, cpu->thread_count);
    return status;
}

octet_status oct_cpu_prepare(struct oct_cpu *cpu)
{
    const struct oct_network *network = cpu->network;
    cpu->steps = oct_arena_calloc(&cpu->arena, (size_t)network->layer_count, sizeof *cpu->steps);
    if (!cpu->steps)
        return oct_fail_memory(cpu->ctx, "the session");
    for (int i = 0; i < network->layer_count; i++) {
        const octet_status status = prepare_step(cpu, &network->layers[i], &cpu->steps[i]);
        if (status)
            return status;
    }
    cpu->scratch_bytes = oct_align(cpu->scratch_bytes + OCT_ALIGNMENT, OCT_ALIGNMENT);
    return oct_cpu_hold_packs(cpu);
}
