/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the layers of a network forth, keeping what the way back needs, and back. */
#include "train/train_pass.h"

#include <string.h>

#include "network/operations.h"
#include "train/feature_match.h"
#include "train/plain_layers.h"

octet_status oct_train_pass_open(octet_context *ctx, const struct oct_train_plan *plan,
                                 struct oct_train_pass *pass)
{
    *pass = (struct oct_train_pass){.plan = plan};
    pass->memory = oct_malloc(ctx, plan->memory_floats, sizeof *pass->memory);
    pass->has_gradient =
        oct_calloc(ctx, (size_t)plan->network->layer_count, sizeof *pass->has_gradient);
    if (!pass->memory || !pass->has_gradient)
        return oct_fail_memory(ctx, "training");
    return oct_onednn_worker_open(ctx, plan->onednn, pass->memory + plan->onednn_scratch,
                                  &pass->worker);
}

void oct_train_pass_close(octet_context *ctx, struct oct_train_pass *pass)
{
    oct_onednn_worker_close(&pass->worker);
    oct_free(ctx, pass->memory);
    oct_free(ctx, pass->has_gradient);
    pass->memory = NULL;
    pass->has_gradient = NULL;
}

float *oct_train_picture(struct oct_train_pass *pass)
{
    return pass->memory + pass->plan->picture;
}

/* ---- reading and writing tensors ---- */

/* Where the values of a layer's output are: in a place of their own, or, of coded outputs in a pass
 * without codes, where their gradient would be: that is needed between the same layers. */
static float *values_of(const struct oct_train_pass *pass, int layer)
{
    const struct oct_layer_plan *l = &pass->plan->layers[layer];
    return pass->memory + (l->values != OCT_NOWHERE ? l->values : l->gradient);
}

/* Channels [first, first + count) of pixels [0, pixels) of a tensor of `channels`, to columns of
 * `stride`. */
static void read_run(const struct oct_train_pass *pass, const struct oct_train_weights *weights,
                     const struct oct_run *run, size_t pixels, size_t stride, float *to)
{
    const struct oct_train_plan *plan = pass->plan;
    const int writer = plan->writer[run->tensor];
    const size_t channels = (size_t)plan->network->tensors[run->tensor].channels;
    const size_t count = (size_t)run->count, first = (size_t)run->first;
    const bool is_coded = writer >= 0 && weights->codings && plan->layers[writer].coding >= 0;
    if (is_coded) {
        const uint8_t *codes = (const uint8_t *)(pass->memory + plan->layers[writer].codes) + first;
        const struct oct_quantization q = weights->codings[plan->layers[writer].coding];
        if (count == channels && count == stride)
            plan->kernels.decode(q, codes, pixels * count, to);
        else
            for (size_t p = 0; p < pixels; p++)
                plan->kernels.decode(q, codes + p * channels, count, to + p * stride);
        return;
    }
    const float *from =
        (writer < 0 ? pass->memory + plan->picture : values_of(pass, writer)) + first;
    for (size_t p = 0; p < pixels; p++)
        memcpy(to + p * stride, from + p * channels, count * sizeof *to);
}

/* The values of a tensor, or where they are already. */
static const float *read_tensor(const struct oct_train_pass *pass,
                                const struct oct_train_weights *weights, int tensor, size_t floats,
                                float *to)
{
    const struct oct_train_plan *plan = pass->plan;
    const struct oct_reading *reading = &plan->readings[tensor];
    const size_t channels = (size_t)plan->network->tensors[tensor].channels;
    const struct oct_run *only = reading->runs;
    if (reading->run_count == 1 && only->count == plan->network->tensors[only->tensor].channels) {
        const int writer = plan->writer[only->tensor];
        if (writer < 0)
            return pass->memory + plan->picture;
        if (!weights->codings || plan->layers[writer].coding < 0)
            return values_of(pass, writer);
    }
    size_t column = 0;
    for (int i = 0; i < reading->run_count; i++) {
        read_run(pass, weights, &reading->runs[i], floats / channels, channels, to + column);
        column += (size_t)reading->runs[i].count;
    }
    return to;
}

/* Adds a tensor's gradient to those of the layers that wrote it. */
static void add_gradient(struct oct_train_pass *pass, int tensor, size_t floats,
                         const float *gradient)
{
    const struct oct_train_plan *plan = pass->plan;
    const struct oct_reading *reading = &plan->readings[tensor];
    const size_t channels = (size_t)plan->network->tensors[tensor].channels;
    size_t column = 0;
    for (int i = 0; i < reading->run_count; i++) {
        const struct oct_run *run = &reading->runs[i];
        const int writer = plan->writer[run->tensor];
        const size_t count = (size_t)run->count;
        if (writer >= 0) {
            const size_t all = (size_t)plan->network->tensors[run->tensor].channels;
            float *sum = pass->memory + plan->layers[writer].gradient;
            if (!pass->has_gradient[writer])
                memset(sum, 0, plan->layers[writer].output_floats * sizeof *sum);
            pass->has_gradient[writer] = true;
            if (count == all && count == channels)
                plan->kernels.add(gradient, floats, sum);
            else
                for (size_t p = 0; p < floats / channels; p++)
                    plan->kernels.add(gradient + p * channels + column, count,
                                      sum + p * all + (size_t)run->first);
        }
        column += count;
    }
}

/* ---- layers ---- */

static struct oct_plain_job job_of(const struct oct_train_pass *pass, int index)
{
    const struct oct_train_plan *plan = pass->plan;
    const struct oct_layer *layer = &plan->network->layers[index];
    const struct oct_layer_plan *l = &plan->layers[index];
    struct oct_plain_job job = {
        .layer = layer,
        .input = l->input,
        .output = l->output,
        .input_channels = plan->network->tensors[layer->input].channels,
        .output_channels = plan->network->tensors[layer->output].channels,
        .scratch = pass->memory + plan->plain,
    };
    if (layer->operation == OCT_ATTENTION)
        job.head = oct_attention_channels(plan->network, layer);
    return job;
}

static struct oct_coded_activation activation_of(const struct oct_train_pass *pass,
                                                 const struct oct_train_weights *weights, int index)
{
    const struct oct_layer *layer = &pass->plan->network->layers[index];
    const int coding = pass->plan->layers[index].coding;
    const bool has_one = layer->operation == OCT_CONVOLUTION;
    return (struct oct_coded_activation){
        has_one ? layer->activation : OCT_ACTIVATION_NONE, layer->slope,
        weights->codings && coding >= 0 ? weights->codings[coding]
                                        : (struct oct_quantization){0.0f, 0}};
}

static const float *read_residual(const struct oct_train_pass *pass,
                                  const struct oct_train_weights *weights, int index)
{
    const int residual = pass->plan->network->layers[index].residual;
    return residual < 0
               ? NULL
               : read_tensor(pass, weights, residual, pass->plan->layers[index].output_floats,
                             pass->memory + pass->plan->residual);
}

/* From what a layer computed to its output. */
static void finish_layer(struct oct_train_pass *pass, const struct oct_train_weights *weights,
                         int index, const float *computed)
{
    const struct oct_train_plan *plan = pass->plan;
    const struct oct_layer_plan *l = &plan->layers[index];
    const struct oct_coded_activation how = activation_of(pass, weights, index);
    const float *residual = read_residual(pass, weights, index);
    if (oct_is_quantized(how.quantization))
        plan->kernels.code(&how, computed, residual, l->output_floats,
                           (uint8_t *)(pass->memory + l->codes));
    else if (computed != values_of(pass, index))
        plan->kernels.activate(&how, computed, residual, l->output_floats, values_of(pass, index));
    else
        plan->kernels.activate_in_place(&how, residual, l->output_floats, values_of(pass, index));
}

static octet_status compute_layer(struct oct_train_pass *pass,
                                  const struct oct_train_weights *weights, int index,
                                  const float *input, float *computed)
{
    const struct oct_layer_plan *l = &pass->plan->layers[index];
    const struct oct_packed_layer *packed = &weights->layers[index];
    if (l->convolution)
        return oct_convolution_forward(l->convolution, &pass->worker, input, packed->forward,
                                       packed->bias, computed);
    const struct oct_plain_job job = job_of(pass, index);
    oct_plain_forward(&job, input, computed);
    return OCTET_OK;
}

/* Where a layer's outputs are computed, before they become codes or values. */
static float *computed_of(const struct oct_train_pass *pass,
                          const struct oct_train_weights *weights, int index)
{
    const struct oct_layer_plan *l = &pass->plan->layers[index];
    if (l->coding >= 0 && !weights->codings)
        return values_of(pass, index);
    if (l->sums != OCT_NOWHERE)
        return pass->memory + l->sums;
    return l->coding >= 0 ? pass->memory + pass->plan->brief : values_of(pass, index);
}

static octet_status forward_layer(struct oct_train_pass *pass,
                                  const struct oct_train_weights *weights, int index)
{
    const struct oct_train_plan *plan = pass->plan;
    const struct oct_layer_plan *l = &plan->layers[index];
    const float *input = read_tensor(pass, weights, plan->network->layers[index].input,
                                     l->input_floats, pass->memory + plan->input);
    float *computed = computed_of(pass, weights, index);
    const octet_status status = compute_layer(pass, weights, index, input, computed);
    if (status)
        return status;
    finish_layer(pass, weights, index, computed);
    if (l->feature != OCT_NOWHERE && !weights->codings)
        memcpy(pass->memory + l->feature, values_of(pass, index),
               l->output_floats * sizeof *pass->memory);
    return OCTET_OK;
}

octet_status oct_train_forward(struct oct_train_pass *pass, const struct oct_train_weights *weights)
{
    octet_status status = OCTET_OK;
    for (int i = 0; i < pass->plan->network->layer_count && !status; i++)
        if (pass->plan->layers[i].is_read)
            status = forward_layer(pass, weights, i);
    memset(pass->has_gradient, 0,
           (size_t)pass->plan->network->layer_count * sizeof *pass->has_gradient);
    return status;
}

const float *oct_train_feature(const struct oct_train_pass *pass, int layer)
{
    return pass->memory + pass->plan->layers[layer].feature;
}

const float *oct_train_output(const struct oct_train_pass *pass, int output)
{
    return values_of(pass, oct_train_output_layer(pass->plan, output));
}

float *oct_train_output_gradient(struct oct_train_pass *pass, int output)
{
    const int writer = oct_train_output_layer(pass->plan, output);
    pass->has_gradient[writer] = true;
    return pass->memory + pass->plan->layers[writer].gradient;
}

/* Of what a layer computed, from its output's: in the place of the sums, or of the gradient where
 * there are none. */
static float *backward_finish(struct oct_train_pass *pass, const struct oct_train_weights *weights,
                              int index, double *scales)
{
    const struct oct_train_plan *plan = pass->plan;
    const struct oct_layer_plan *l = &plan->layers[index];
    const struct oct_coded_activation how = activation_of(pass, weights, index);
    float *gradient = pass->memory + l->gradient;
    if (l->sums == OCT_NOWHERE) /* values that were codes: they have not changed */
        return gradient;
    float *sums = pass->memory + l->sums;
    const float *residual = read_residual(pass, weights, index);
    if (oct_is_quantized(how.quantization))
        scales[l->coding] +=
            plan->kernels.code_back(&how, residual, gradient, l->output_floats, sums);
    else
        plan->kernels.activate_back(&how, gradient, l->output_floats, sums);
    if (residual)
        add_gradient(pass, plan->network->layers[index].residual, l->output_floats, gradient);
    return sums;
}

static octet_status backward_convolution(struct oct_train_pass *pass,
                                         const struct oct_train_weights *weights, int index,
                                         const float *input, const float *gradient,
                                         float *gradients)
{
    const struct oct_train_plan *plan = pass->plan;
    const struct oct_layer *layer = &plan->network->layers[index];
    const struct oct_layer_plan *l = &plan->layers[index];
    float *back = pass->memory + plan->back;
    octet_status status =
        oct_convolution_gradients(l->convolution, &pass->worker, input, gradient,
                                  gradients + l->weight_gradient, gradients + l->bias_gradient);
    if (status || layer->input == 0)
        return status;
    status = oct_convolution_backward(l->convolution, &pass->worker, gradient,
                                      weights->layers[index].backward, back);
    if (!status)
        add_gradient(pass, layer->input, l->input_floats, back);
    return status;
}

static octet_status backward_layer(struct oct_train_pass *pass,
                                   const struct oct_train_weights *weights, int index,
                                   float *gradients, double *scales)
{
    const struct oct_train_plan *plan = pass->plan;
    const struct oct_layer *layer = &plan->network->layers[index];
    const struct oct_layer_plan *l = &plan->layers[index];
    const float *input =
        read_tensor(pass, weights, layer->input, l->input_floats, pass->memory + plan->input);
    const octet_status status =
        l->is_brief ? compute_layer(pass, weights, index, input, pass->memory + l->sums) : OCTET_OK;
    if (status)
        return status;
    const float *gradient = backward_finish(pass, weights, index, scales);
    if (l->convolution)
        return backward_convolution(pass, weights, index, input, gradient, gradients);
    const struct oct_plain_job job = job_of(pass, index);
    float *back = pass->memory + plan->back;
    oct_plain_backward(&job, input, gradient, back);
    add_gradient(pass, layer->input, l->input_floats, back);
    return OCTET_OK;
}

/* Whoever reads the layer's output has added to its gradient by now. */
static void match_feature(struct oct_train_pass *pass, const struct oct_train_weights *weights,
                          int index, struct oct_feature_match *match)
{
    const struct oct_train_plan *plan = pass->plan;
    const struct oct_layer_plan *l = &plan->layers[index];
    const int tensor = plan->network->layers[index].output;
    const int channels = plan->network->tensors[tensor].channels;
    const struct oct_run all = {tensor, 0, channels};
    float *values = pass->memory + plan->input;
    read_run(pass, weights, &all, l->output_floats / (size_t)channels, (size_t)channels, values);
    match->loss += oct_match_feature(oct_train_feature(pass, index), values, l->output_floats,
                                     match->weights[index], pass->memory + l->gradient);
}

octet_status oct_train_backward(struct oct_train_pass *pass,
                                const struct oct_train_weights *weights,
                                struct oct_feature_match *match, float *gradients, double *scales)
{
    octet_status status = OCTET_OK;
    memset(gradients, 0, pass->plan->gradient_floats * sizeof *gradients);
    for (int i = pass->plan->network->layer_count - 1; i >= 0 && !status; i--) {
        if (!pass->has_gradient[i])
            continue;
        if (pass->plan->layers[i].feature != OCT_NOWHERE)
            match_feature(pass, weights, i, match);
        status = backward_layer(pass, weights, i, gradients, scales);
    }
    return status;
}
