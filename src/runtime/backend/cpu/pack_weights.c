/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions' kernels and weights: the kernel, chosen by what the weights add up to, and weights
 * packed from where the engine has them straight into a kernel's order. */
#include "runtime/backend/cpu/cpu_state.h"

octet_status oct_cpu_choose_kernel(struct oct_cpu *cpu, struct oct_step *step,
                                   struct oct_conv_job *job)
{
    const struct oct_kernels *kernels = &cpu->kernels;
    const enum oct_type type = oct_layout_type(&cpu->layout, step->layer->input);
    const struct oct_conv_constants *constants =
        &cpu->weights->constants[cpu->set][step->layer - cpu->network->layers];
    job->start = constants->start;
    job->scale = constants->scale;
    job->bias = constants->bias;
    job->shape.reach = constants->reach;
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
    const struct oct_conv_shape shape = oct_conv_packed_shape(&step->jobs[0].conv.shape);
    return oct_align(step->kernel->packed_bytes(&shape), OCT_ALIGNMENT);
}

/* As struct oct_conv_weights has it; returns whether that says more than that all are in order.
 * Positions follow from the network: they are alike in layouts of all sizes. */
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
    const struct oct_conv_shape shape = oct_conv_packed_shape(&step->jobs[0].conv.shape);
    if (shape.depthwise) {
        step->kernel->pack(&shape,
                           &(struct oct_conv_weights){.codes = layer->codes,
                                                      .bf16 = layer->bf16,
                                                      .values = layer->values,
                                                      .input_channels = 1,
                                                      .output_channels = layer->groups},
                           packed);
        return OCTET_OK;
    }
    int *inputs = oct_malloc(cpu->ctx, (size_t)shape.input_channels, sizeof *inputs);
    if (!inputs)
        return oct_fail_memory(cpu->ctx, "packed weights");
    const bool mapped = find_inputs(cpu, layer->input, shape.input_channels, inputs);
    const struct oct_conv_weights weights = {
        .codes = layer->codes,
        .bf16 = layer->bf16,
        .values = layer->values,
        .input_channels = cpu->network->tensors[layer->input].channels,
        .output_channels = cpu->network->tensors[layer->output].channels,
        .inputs = mapped ? inputs : NULL,
    };
    step->kernel->pack(&shape, &weights, packed);
    oct_free(cpu->ctx, inputs);
    return OCTET_OK;
}
