/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions' weights: what they add up to, the kernel chosen by that, and, once it is known how
 * much all need, weights packed from where the engine has them straight into a kernel's order. */
#include <string.h>

#include "network/scan_weights.h"
#include "runtime/backend/cpu/cpu_state.h"

#define CHANNEL_PAD 64 /* start, scale and bias are padded to it, see struct oct_conv_job */
#define CODE_SPAN 255  /* the largest |code - zero point|: both are 0 to 255 */

/* Neighbouring input channels of one zero point. */
struct run {
    int channels, zero_point;
};

/* Returns how many runs there are. */
static int find_runs(const struct oct_network *network, int input, struct run *runs)
{
    int count = 0;
    for (int c = 0; c < network->tensors[input].channels; c++) {
        const struct oct_network_channel leaf = oct_network_resolve(network, input, c);
        const int zero_point = network->tensors[leaf.tensor].quantization.zero_point;
        if (count == 0 || runs[count - 1].zero_point != zero_point)
            runs[count++] = (struct run){0, zero_point};
        runs[count - 1].channels++;
    }
    return count;
}

/* start[n]: minus the sum of output channel n's weight code * zero point. Returns the largest sum
 * of an output channel's |weight code|. */
static int64_t add_up(const struct oct_layer *layer, size_t outputs, const struct run *runs,
                      int run_count, int32_t *start)
{
    const size_t taps = (size_t)layer->kernel * (size_t)layer->kernel;
    const int8_t *codes = layer->codes;
    int64_t largest = 0;
    for (size_t n = 0; n < outputs; n++) {
        int64_t zeros = 0, magnitude = 0;
        for (int i = 0; i < run_count; i++) {
            const size_t count = (size_t)runs[i].channels * taps;
            const struct oct_code_sums sums = oct_sum_codes(codes, count);
            zeros += sums.sum * runs[i].zero_point;
            magnitude += sums.magnitude;
            codes += count;
        }
        start[n] = (int32_t)-zeros; /* in range: verified with the network */
        largest = magnitude > largest ? magnitude : largest;
    }
    return largest;
}

/* The same of a depthwise convolution, whose channel n has the zero point of its input's. */
static int64_t add_up_channels(const struct oct_network *network, const struct oct_layer *layer,
                               int32_t *start)
{
    const size_t taps = (size_t)layer->kernel * (size_t)layer->kernel;
    int64_t largest = 0;
    for (int n = 0; n < layer->groups; n++) {
        const struct oct_network_channel leaf = oct_network_resolve(network, layer->input, n);
        const struct oct_code_sums sums = oct_sum_codes(layer->codes + (size_t)n * taps, taps);
        start[n] = (int32_t)(-sums.sum * network->tensors[leaf.tensor].quantization.zero_point);
        largest = sums.magnitude > largest ? sums.magnitude : largest;
    }
    return largest;
}

static octet_status add_up_codes(struct oct_cpu *cpu, const struct oct_layer *layer, int32_t *start,
                                 int64_t *magnitude)
{
    const struct oct_tensor *tensors = cpu->network->tensors;
    if (oct_is_depthwise(layer)) {
        *magnitude = add_up_channels(cpu->network, layer, start);
        return OCTET_OK;
    }
    struct run *runs = oct_malloc(cpu->ctx, (size_t)tensors[layer->input].channels, sizeof *runs);
    if (!runs)
        return oct_fail_memory(cpu->ctx, "packed weights");
    const int count = find_runs(cpu->network, layer->input, runs);
    *magnitude = add_up(layer, (size_t)tensors[layer->output].channels, runs, count, start);
    oct_free(cpu->ctx, runs);
    return OCTET_OK;
}

/* The constants, and job->shape.reach. */
static octet_status set_constants(struct oct_cpu *cpu, const struct oct_layer *layer,
                                  struct oct_conv_job *job)
{
    const size_t outputs = (size_t)cpu->network->tensors[layer->output].channels;
    const size_t padded = oct_align((size_t)job->shape.output_channels, CHANNEL_PAD);
    int32_t *start = oct_arena_calloc(&cpu->arena, padded, sizeof *start);
    float *scale = oct_arena_calloc(&cpu->arena, padded, sizeof *scale);
    float *bias = oct_arena_calloc(&cpu->arena, padded, sizeof *bias);
    if (!start || !scale || !bias)
        return oct_fail_memory(cpu->ctx, "packed weights");
    job->start = start;
    job->scale = scale;
    job->bias = bias;
    memcpy(bias, layer->bias, outputs * sizeof *bias);
    if (!layer->codes)
        return OCTET_OK;
    memcpy(scale, layer->scale, outputs * sizeof *scale);
    int64_t magnitude = 0;
    const octet_status status = add_up_codes(cpu, layer, start, &magnitude);
    job->shape.reach =
        magnitude < INT32_MAX / CODE_SPAN ? (int32_t)(CODE_SPAN * magnitude) : INT32_MAX;
    return status;
}

octet_status oct_cpu_choose_kernel(struct oct_cpu *cpu, struct oct_step *step,
                                   struct oct_conv_job *job)
{
    const struct oct_kernels *kernels = &cpu->kernels;
    const enum oct_type type = oct_layout_type(&cpu->layout, step->layer->input);
    const octet_status status = set_constants(cpu, step->layer, job);
    if (status)
        return status;
    if (job->shape.depthwise)
        step->kernel = type == OCT_TYPE_U8     ? kernels->depthwise_u8
                       : type == OCT_TYPE_BF16 ? kernels->depthwise_bf16
                                               : kernels->depthwise_f32;
    else
        step->kernel = (type == OCT_TYPE_U8     ? kernels->choose_conv_u8
                        : type == OCT_TYPE_BF16 ? kernels->choose_conv_bf16
                                                : kernels->choose_conv_f32)(&job->shape);
    return oct_add(cpu->packed_bytes, oct_cpu_packed_bytes(step), &cpu->packed_bytes)
               ? OCTET_OK
               : oct_fail_memory(cpu->ctx, "packed weights");
}

size_t oct_cpu_packed_bytes(const struct oct_step *step)
{
    return oct_align(step->kernel->packed_bytes(&step->jobs[0].conv.shape), OCT_ALIGNMENT);
}

/* As struct oct_conv_weights has it; returns whether that says more than that all are in order. */
static bool find_inputs(const struct oct_cpu *cpu, int input, int stored, int *inputs)
{
    bool ordered = true;
    for (int i = 0; i < stored; i++)
        inputs[i] = -1;
    for (int c = 0; c < cpu->network->tensors[input].channels; c++) {
        const int position = oct_layout_position(&cpu->layout, cpu->network, input, c);
        inputs[position] = c;
        ordered = ordered && position == c;
    }
    return !ordered;
}

octet_status oct_cpu_pack_weights(struct oct_cpu *cpu, const struct oct_step *step, void *packed)
{
    const struct oct_layer *layer = step->layer;
    const struct oct_conv_shape *shape = &step->jobs[0].conv.shape;
    if (shape->depthwise) {
        step->kernel->pack(shape,
                           &(struct oct_conv_weights){.codes = layer->codes,
                                                      .bf16 = layer->bf16,
                                                      .values = layer->values,
                                                      .input_channels = 1,
                                                      .output_channels = layer->groups},
                           packed);
        return OCTET_OK;
    }
    int *inputs = oct_malloc(cpu->ctx, (size_t)shape->input_channels, sizeof *inputs);
    if (!inputs)
        return oct_fail_memory(cpu->ctx, "packed weights");
    const bool mapped = find_inputs(cpu, layer->input, shape->input_channels, inputs);
    const struct oct_conv_weights weights = {
        .codes = layer->codes,
        .bf16 = layer->bf16,
        .values = layer->values,
        .input_channels = cpu->network->tensors[layer->input].channels,
        .output_channels = cpu->network->tensors[layer->output].channels,
        .inputs = mapped ? inputs : NULL,
    };
    step->kernel->pack(shape, &weights, packed);
    oct_free(cpu->ctx, inputs);
    return OCTET_OK;
}
