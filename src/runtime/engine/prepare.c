/* SPDX-License-Identifier: Apache-2.0 */
/* From plan and layout to steps: kernels chosen by shape, weights brought into stored order and
 * packed. */
#include <string.h>

#include "runtime/engine/session.h"
#include "runtime/kernels/half.h"

/* Pictures and head tensors together: more than this is not written through the caches. */
#define STREAMED_BYTES ((size_t)4 << 20)
#define CHANNEL_PAD 64 /* start, scale and bias are padded to it, see struct oct_conv_job */

/* Weights in the order that kernels pack from, and what the zero points add up to. */
struct dense {
    int8_t *codes;
    float *values;
    int64_t *start; /* [output channels]: minus sum of weight code * zero point */
};

static size_t dense_count(const struct oct_conv_shape *shape)
{
    return (size_t)shape->output_channels * (size_t)shape->kernel * (size_t)shape->kernel *
           (size_t)shape->input_channels;
}

/* [output][input][taps] of the plan to [output][taps][stored input] with zeros where nothing is
 * stored. */
static void scatter(const octet_session *session, const struct oct_step *step, struct dense *dense)
{
    const struct oct_plan *plan = &session->engine->plan;
    const struct oct_plan_layer *layer = step->layer;
    const size_t taps = (size_t)layer->kernel * (size_t)layer->kernel;
    const size_t inputs = (size_t)plan->tensors[layer->input].channels;
    const size_t outputs = (size_t)plan->tensors[layer->output].channels;
    const size_t stored = (size_t)step->conv.shape.input_channels;
    for (size_t c = 0; c < inputs; c++) {
        const struct oct_plan_channel leaf = oct_plan_resolve(plan, layer->input, (int)c);
        const size_t position =
            (size_t)oct_layout_position(&session->layout, plan, layer->input, (int)c);
        const int zero_point = plan->tensors[leaf.tensor].zero_point;
        for (size_t n = 0; n < outputs; n++) {
            for (size_t t = 0; t < taps; t++) {
                const size_t from = (n * inputs + c) * taps + t,
                             to = (n * taps + t) * stored + position;
                if (layer->codes) {
                    dense->codes[to] = layer->codes[from];
                    dense->start[n] -= (int64_t)layer->codes[from] * zero_point;
                } else if (layer->halves) {
                    dense->values[to] = oct_half_value(layer->halves[from]);
                } else {
                    dense->values[to] = layer->values[from];
                }
            }
        }
    }
}

static octet_status set_constants(octet_context *ctx, octet_session *session, struct oct_step *step,
                                  const struct dense *dense)
{
    const struct oct_plan_layer *layer = step->layer;
    const size_t outputs = (size_t)session->engine->plan.tensors[layer->output].channels;
    const size_t padded = oct_align((size_t)step->conv.shape.output_channels, CHANNEL_PAD);
    int32_t *start = oct_arena_calloc(&session->arena, padded, sizeof *start);
    float *scale = oct_arena_calloc(&session->arena, padded, sizeof *scale);
    float *bias = oct_arena_calloc(&session->arena, padded, sizeof *bias);
    if (!start || !scale || !bias)
        return oct_fail_memory(ctx, "packed weights");
    memcpy(bias, layer->bias, outputs * sizeof *bias);
    for (size_t n = 0; layer->codes && n < outputs; n++) {
        start[n] = (int32_t)dense->start[n]; /* in range: verified with the plan */
        scale[n] = layer->scale[n];
    }
    step->conv.start = start;
    step->conv.scale = scale;
    step->conv.bias = bias;
    return OCTET_OK;
}

static octet_status pack(octet_context *ctx, octet_session *session, struct oct_step *step)
{
    const struct oct_conv_shape *shape = &step->conv.shape;
    struct dense dense = {0};
    const size_t count = dense_count(shape);
    if (step->layer->codes)
        dense.codes = oct_calloc(ctx, count, sizeof *dense.codes);
    else
        dense.values = oct_calloc(ctx, count, sizeof *dense.values);
    dense.start = oct_calloc(ctx, (size_t)shape->output_channels, sizeof *dense.start);
    const size_t bytes = step->kernel->packed_bytes(shape);
    void *packed = oct_arena_calloc(&session->arena, bytes, 1);
    octet_status status = OCTET_OK;
    if (!dense.start || (!dense.codes && !dense.values) || !packed) {
        status = oct_fail_memory(ctx, "packed weights");
    } else {
        scatter(session, step, &dense);
        const struct oct_conv_weights weights = {dense.codes, dense.values};
        step->kernel->pack(shape, &weights, packed);
        step->conv.packed = packed;
        session->packed_bytes += bytes;
        status = set_constants(ctx, session, step, &dense);
    }
    oct_free(ctx, dense.codes);
    oct_free(ctx, dense.values);
    oct_free(ctx, dense.start);
    return status;
}

static octet_status prepare_convolution(octet_context *ctx, octet_session *session,
                                        struct oct_step *step)
{
    const struct oct_plan_layer *layer = step->layer;
    const struct oct_plan *plan = &session->engine->plan;
    const struct oct_layout *layout = &session->layout;
    step->conv.silu = layer->silu;
    step->conv.streamed = layout->buffers[layout->tensors[layer->output].buffer].of_picture &&
                          layout->picture_bytes * (size_t)session->batch > STREAMED_BYTES;
    step->conv.shape = (struct oct_conv_shape){
        .input_channels = oct_layout_extent(layout, plan, layer->input),
        .output_channels = step->channels,
        .kernel = layer->kernel,
        .stride = layer->stride,
        .output_height = step->height,
        .output_width = step->width,
        .input_pixel = layout->buffers[layout->tensors[layer->input].buffer].channels,
    };
    const enum oct_type type = oct_layout_type(layout, layer->input);
    step->kernel = type == OCT_TYPE_U8     ? session->kernels.choose_conv_u8(&step->conv.shape)
                   : type == OCT_TYPE_BF16 ? session->kernels.choose_conv_bf16(&step->conv.shape)
                                           : session->kernels.choose_conv_f32(&step->conv.shape);
    const size_t scratch = step->kernel->scratch_bytes(&step->conv.shape);
    session->scratch_bytes = scratch > session->scratch_bytes ? scratch : session->scratch_bytes;
    return pack(ctx, session, step);
}

static void prepare_pool(octet_session *session, const struct oct_step *step)
{
    const enum oct_type type = oct_layout_type(&session->layout, step->layer->output);
    const struct oct_pool_job job = {.input.type = type,
                                     .output.type = type,
                                     .channels = step->channels,
                                     .height = step->height,
                                     .width = step->width,
                                     .kernel = step->layer->kernel};
    const size_t scratch = session->kernels.pool_scratch_bytes(&job);
    session->scratch_bytes = scratch > session->scratch_bytes ? scratch : session->scratch_bytes;
}

/* One item for a single thread; a few for each of several, so that none waits long for the last. */
static int chunk_rows(const octet_session *session, int height)
{
    if (session->thread_count == 1)
        return height;
    const int items = session->thread_count * (height >= 80 ? 4 : 2);
    const int rows = (height + items - 1) / items;
    return rows > 0 ? rows : 1;
}

octet_status oct_session_prepare(octet_context *ctx, octet_session *session)
{
    const struct oct_plan *plan = &session->engine->plan;
    session->step_count = plan->layer_count;
    session->steps =
        oct_arena_calloc(&session->arena, (size_t)plan->layer_count, sizeof *session->steps);
    if (!session->steps)
        return oct_fail_memory(ctx, "the session");
    for (int i = 0; i < plan->layer_count; i++) {
        struct oct_step *step = &session->steps[i];
        step->layer = &plan->layers[i];
        const int output = step->layer->output;
        const struct oct_layout_tensor *place = &session->layout.tensors[output];
        step->height = session->layout.sizes[output].height;
        step->width = session->layout.sizes[output].width;
        step->channels = place->stored;
        step->border = session->layout.buffers[place->buffer].border;
        step->row_chunk = chunk_rows(session, step->height);
        octet_status status = OCTET_OK;
        if (step->layer->operation == OCT_PLAN_CONVOLUTION)
            status = prepare_convolution(ctx, session, step);
        else if (step->layer->operation == OCT_PLAN_MAX_POOL)
            prepare_pool(session, step);
        if (status)
            return status;
    }
    session->scratch_bytes = oct_align(session->scratch_bytes + OCT_ALIGNMENT, OCT_ALIGNMENT);
    return OCTET_OK;
}
