/* SPDX-License-Identifier: Apache-2.0 */
/* Brings a convolution's weights into the order in which its input is stored, chooses the kernel
 * for them, and lets it pack them. */
#include <string.h>

#include "base/bfloat16.h"
#include "runtime/backend/cpu/cpu_state.h"

#define CHANNEL_PAD 64 /* start, scale and bias are padded to it, see struct oct_conv_job */
#define CODE_SPAN 255  /* the largest |code - zero point|: both are 0 to 255 */

/* Weights in the order that kernels pack from, and what the zero points add up to. */
struct dense {
    int8_t *codes;
    float *values;
    int64_t *start;    /* [output channels]: minus sum of weight code * zero point */
    int64_t magnitude; /* the largest sum of an output channel's |weight code| */
    struct source {
        size_t position; /* where the input stores the channel */
        int zero_point;
    } * sources; /* [input channels] */
};

static size_t dense_count(const struct oct_conv_shape *shape)
{
    return (size_t)shape->output_channels * (size_t)shape->kernel * (size_t)shape->kernel *
           (size_t)shape->input_channels;
}

static void find_sources(const struct oct_cpu *cpu, int input, struct source *sources)
{
    const struct oct_network *network = cpu->network;
    for (int c = 0; c < network->tensors[input].channels; c++) {
        const struct oct_network_channel leaf = oct_network_resolve(network, input, c);
        sources[c].position = (size_t)oct_layout_position(&cpu->layout, network, input, c);
        sources[c].zero_point = network->tensors[leaf.tensor].quantization.zero_point;
    }
}

/* [output][input][taps] of the network to [output][taps][stored input] with zeros where nothing is
 * stored. */
static void scatter_codes(const struct oct_layer *layer, size_t inputs, size_t outputs,
                          size_t stored, struct dense *dense)
{
    const size_t taps = (size_t)layer->kernel * (size_t)layer->kernel;
    const int8_t *from = layer->codes;
    for (size_t n = 0; n < outputs; n++) {
        int64_t magnitude = 0;
        for (size_t c = 0; c < inputs; c++, from += taps) {
            int8_t *to = dense->codes + n * taps * stored + dense->sources[c].position;
            int sum = 0, size = 0;
            for (size_t t = 0; t < taps; t++) {
                to[t * stored] = from[t];
                sum += from[t];
                size += from[t] < 0 ? -from[t] : from[t];
            }
            dense->start[n] -= (int64_t)sum * dense->sources[c].zero_point;
            magnitude += size;
        }
        dense->magnitude = magnitude > dense->magnitude ? magnitude : dense->magnitude;
    }
}

static void scatter_values(const struct oct_layer *layer, size_t inputs, size_t outputs,
                           size_t stored, struct dense *dense)
{
    const size_t taps = (size_t)layer->kernel * (size_t)layer->kernel;
    for (size_t n = 0, from = 0; n < outputs; n++) {
        for (size_t c = 0; c < inputs; c++) {
            float *to = dense->values + n * taps * stored + dense->sources[c].position;
            for (size_t t = 0; t < taps; t++, from++)
                to[t * stored] =
                    layer->bf16 ? oct_bf16_value(layer->bf16[from]) : layer->values[from];
        }
    }
}

static octet_status set_constants(struct oct_cpu *cpu, const struct oct_layer *layer,
                                  const struct dense *dense, struct oct_conv_job *job)
{
    const size_t outputs = (size_t)cpu->network->tensors[layer->output].channels;
    const size_t padded = oct_align((size_t)job->shape.output_channels, CHANNEL_PAD);
    int32_t *start = oct_arena_calloc(&cpu->arena, padded, sizeof *start);
    float *scale = oct_arena_calloc(&cpu->arena, padded, sizeof *scale);
    float *bias = oct_arena_calloc(&cpu->arena, padded, sizeof *bias);
    if (!start || !scale || !bias)
        return oct_fail_memory(cpu->ctx, "packed weights");
    memcpy(bias, layer->bias, outputs * sizeof *bias);
    for (size_t n = 0; layer->codes && n < outputs; n++) {
        start[n] = (int32_t)dense->start[n]; /* in range: verified with the network */
        scale[n] = layer->scale[n];
    }
    job->start = start;
    job->scale = scale;
    job->bias = bias;
    return OCTET_OK;
}

static const struct oct_conv_kernel *choose(const struct oct_cpu *cpu, enum oct_type type,
                                            const struct oct_conv_shape *shape)
{
    const struct oct_kernels *kernels = &cpu->kernels;
    return type == OCT_TYPE_U8     ? kernels->choose_conv_u8(shape)
           : type == OCT_TYPE_BF16 ? kernels->choose_conv_bf16(shape)
                                   : kernels->choose_conv_f32(shape);
}

/* Chooses the kernel, which may depend on what weights add up to, and packs them for it. */
static octet_status pack_dense(struct oct_cpu *cpu, struct oct_step *step, struct oct_conv_job *job,
                               struct dense *dense)
{
    struct oct_conv_shape *shape = &job->shape;
    const struct oct_layer *layer = step->layer;
    const struct oct_network *network = cpu->network;
    const size_t inputs = (size_t)network->tensors[layer->input].channels;
    const size_t outputs = (size_t)network->tensors[layer->output].channels;
    find_sources(cpu, layer->input, dense->sources);
    if (layer->codes)
        scatter_codes(layer, inputs, outputs, (size_t)shape->input_channels, dense);
    else
        scatter_values(layer, inputs, outputs, (size_t)shape->input_channels, dense);
    shape->reach = dense->magnitude < INT32_MAX / CODE_SPAN
                       ? (int32_t)(CODE_SPAN * dense->magnitude)
                       : INT32_MAX;
    step->kernel = choose(cpu, oct_layout_type(&cpu->layout, layer->input), shape);
    const size_t bytes = step->kernel->packed_bytes(shape);
    void *packed = oct_arena_calloc(&cpu->arena, bytes, 1);
    if (!packed)
        return oct_fail_memory(cpu->ctx, "packed weights");
    step->kernel->pack(shape, &(struct oct_conv_weights){dense->codes, dense->values}, packed);
    job->packed = packed;
    cpu->packed_bytes += bytes;
    return set_constants(cpu, layer, dense, job);
}

octet_status oct_cpu_pack_weights(struct oct_cpu *cpu, struct oct_step *step,
                                  struct oct_conv_job *job)
{
    struct dense dense = {0};
    const size_t count = dense_count(&job->shape);
    const int inputs = cpu->network->tensors[step->layer->input].channels;
    if (step->layer->codes)
        dense.codes = oct_calloc(cpu->ctx, count, sizeof *dense.codes);
    else
        dense.values = oct_calloc(cpu->ctx, count, sizeof *dense.values);
    dense.start = oct_calloc(cpu->ctx, (size_t)job->shape.output_channels, sizeof *dense.start);
    dense.sources = oct_calloc(cpu->ctx, (size_t)inputs, sizeof *dense.sources);
    octet_status status = OCTET_OK;
    if (!dense.start || (!dense.codes && !dense.values) || !dense.sources)
        status = oct_fail_memory(cpu->ctx, "packed weights");
    else
        status = pack_dense(cpu, step, job, &dense);
    oct_free(cpu->ctx, dense.codes);
    oct_free(cpu->ctx, dense.values);
    oct_free(cpu->ctx, dense.start);
    oct_free(cpu->ctx, dense.sources);
    return status;
}
