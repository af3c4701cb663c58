/* SPDX-License-Identifier: Apache-2.0 */
/* From network and layout to steps: kernels chosen by shape, weights brought into stored order and
 * packed. */
#include <string.h>

#include "base/bfloat16.h"
#include "runtime/session/open_session.h"

/* Pictures and head tensors together: more than this is not written through the caches. */
#define STREAMED_BYTES ((size_t)4 << 20)
#define CHANNEL_PAD 64 /* start, scale and bias are padded to it, see struct oct_conv_job */

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

static void find_sources(const octet_session *session, int input, struct source *sources)
{
    const struct oct_network *network = &session->engine->network;
    for (int c = 0; c < network->tensors[input].channels; c++) {
        const struct oct_network_channel leaf = oct_network_resolve(network, input, c);
        sources[c].position = (size_t)oct_layout_position(&session->layout, network, input, c);
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
                    layer->halves ? oct_bf16_value(layer->halves[from]) : layer->values[from];
        }
    }
}

static octet_status set_constants(octet_context *ctx, octet_session *session, struct oct_step *step,
                                  const struct dense *dense)
{
    const struct oct_layer *layer = step->layer;
    const size_t outputs = (size_t)session->engine->network.tensors[layer->output].channels;
    const size_t padded = oct_align((size_t)step->conv.shape.output_channels, CHANNEL_PAD);
    int32_t *start = oct_arena_calloc(&session->arena, padded, sizeof *start);
    float *scale = oct_arena_calloc(&session->arena, padded, sizeof *scale);
    float *bias = oct_arena_calloc(&session->arena, padded, sizeof *bias);
    if (!start || !scale || !bias)
        return oct_fail_memory(ctx, "packed weights");
    memcpy(bias, layer->bias, outputs * sizeof *bias);
    for (size_t n = 0; layer->codes && n < outputs; n++) {
        start[n] = (int32_t)dense->start[n]; /* in range: verified with the network */
        scale[n] = layer->scale[n];
    }
    step->conv.start = start;
    step->conv.scale = scale;
    step->conv.bias = bias;
    return OCTET_OK;
}

static const struct oct_conv_kernel *choose(const octet_session *session, enum oct_type type,
                                            const struct oct_conv_shape *shape)
{
    const struct oct_kernels *kernels = &session->kernels;
    return type == OCT_TYPE_U8     ? kernels->choose_conv_u8(shape)
           : type == OCT_TYPE_BF16 ? kernels->choose_conv_bf16(shape)
                                   : kernels->choose_conv_f32(shape);
}

/* Chooses the kernel, which may depend on what weights add up to, and packs them for it. */
static octet_status pack_dense(octet_context *ctx, octet_session *session, struct oct_step *step,
                               struct dense *dense)
{
    struct oct_conv_shape *shape = &step->conv.shape;
    const struct oct_layer *layer = step->layer;
    const struct oct_network *network = &session->engine->network;
    const size_t inputs = (size_t)network->tensors[layer->input].channels;
    const size_t outputs = (size_t)network->tensors[layer->output].channels;
    find_sources(session, layer->input, dense->sources);
    if (layer->codes)
        scatter_codes(layer, inputs, outputs, (size_t)shape->input_channels, dense);
    else
        scatter_values(layer, inputs, outputs, (size_t)shape->input_channels, dense);
    /* |code - zero point| is at most 255 */
    shape->reach =
        dense->magnitude < INT32_MAX / 255 ? (int32_t)(255 * dense->magnitude) : INT32_MAX;
    step->kernel = choose(session, oct_layout_type(&session->layout, layer->input), shape);
    const size_t scratch = step->kernel->scratch_bytes(shape);
    session->scratch_bytes = scratch > session->scratch_bytes ? scratch : session->scratch_bytes;
    const size_t bytes = step->kernel->packed_bytes(shape);
    void *packed = oct_arena_calloc(&session->arena, bytes, 1);
    if (!packed)
        return oct_fail_memory(ctx, "packed weights");
    step->kernel->pack(shape, &(struct oct_conv_weights){dense->codes, dense->values}, packed);
    step->conv.packed = packed;
    session->packed_bytes += bytes;
    return set_constants(ctx, session, step, dense);
}

static octet_status pack(octet_context *ctx, octet_session *session, struct oct_step *step)
{
    const struct oct_conv_shape *shape = &step->conv.shape;
    struct dense dense = {0};
    const size_t count = dense_count(shape);
    const int inputs = session->engine->network.tensors[step->layer->input].channels;
    if (step->layer->codes)
        dense.codes = oct_calloc(ctx, count, sizeof *dense.codes);
    else
        dense.values = oct_calloc(ctx, count, sizeof *dense.values);
    dense.start = oct_calloc(ctx, (size_t)shape->output_channels, sizeof *dense.start);
    dense.sources = oct_calloc(ctx, (size_t)inputs, sizeof *dense.sources);
    octet_status status = OCTET_OK;
    if (!dense.start || (!dense.codes && !dense.values) || !dense.sources)
        status = oct_fail_memory(ctx, "packed weights");
    else
        status = pack_dense(ctx, session, step, &dense);
    oct_free(ctx, dense.codes);
    oct_free(ctx, dense.values);
    oct_free(ctx, dense.start);
    oct_free(ctx, dense.sources);
    return status;
}

static octet_status prepare_convolution(octet_context *ctx, octet_session *session,
                                        struct oct_step *step)
{
    const struct oct_layer *layer = step->layer;
    const struct oct_network *network = &session->engine->network;
    const struct oct_layout *layout = &session->layout;
    step->conv.silu = layer->silu;
    step->conv.streamed = layout->buffers[layout->tensors[layer->output].buffer].of_picture &&
                          layout->picture_bytes * (size_t)session->batch > STREAMED_BYTES;
    step->conv.shape = (struct oct_conv_shape){
        .input_channels = oct_layout_extent(layout, network, layer->input),
        .output_channels = step->channels,
        .kernel = layer->kernel,
        .stride = layer->stride,
        .output_height = step->height,
        .output_width = step->width,
        .input_pixel = layout->buffers[layout->tensors[layer->input].buffer].channels,
    };
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

static int divide_up(int a, int b)
{
    return (a + b - 1) / b;
}

/* Which part of `threads` works on average when they take `items` of equal size. */
static double busy(int items, int threads)
{
    return (double)items / (threads * divide_up(items, threads));
}

/* Items of a convolution whose rows are worked out `unit` at a time: as many as leave no thread
 * waiting long for the last; pieces of the channels where rows do not divide well (which costs
 * working on the input once for each). */
static void cut_units(struct oct_step *step, int unit, int threads)
{
    const double again = 0.95;
    const int units = divide_up(step->height, unit);
    double best = 0;
    for (int turns = 4; turns >= 1; turns--) {
        const int chunk = divide_up(units, threads * turns);
        const int longest = chunk * divide_up(divide_up(units, chunk), threads);
        const double share = (double)units / (threads * longest);
        if (share > best + 0.01) {
            best = share;
            step->row_chunk = unit * chunk;
        }
    }
    const int tiles = divide_up(step->channels, step->kernel->tile_channels);
    if (again * busy(tiles, threads) > best) {
        step->row_chunk = step->height;
        step->channel_chunk = divide_up(tiles, threads) * step->kernel->tile_channels;
    }
}

/* One item for a single thread; a few for each of several, so that none waits long for the last. */
static void cut(const octet_session *session, struct oct_step *step)
{
    const int threads = session->thread_count;
    step->channel_chunk = step->channels;
    step->row_chunk = step->height;
    if (threads == 1)
        return;
    if (step->kernel && step->kernel->tile_rows > 1)
        cut_units(step, step->kernel->tile_rows, threads);
    else
        step->row_chunk = divide_up(step->height, threads * (step->height >= 80 ? 4 : 2));
}

octet_status oct_session_prepare(octet_context *ctx, octet_session *session)
{
    const struct oct_network *network = &session->engine->network;
    session->step_count = network->layer_count;
    session->steps =
        oct_arena_calloc(&session->arena, (size_t)network->layer_count, sizeof *session->steps);
    if (!session->steps)
        return oct_fail_memory(ctx, "the session");
    for (int i = 0; i < network->layer_count; i++) {
        struct oct_step *step = &session->steps[i];
        step->layer = &network->layers[i];
        const int output = step->layer->output;
        const struct oct_layout_tensor *place = &session->layout.tensors[output];
        step->height = session->layout.sizes[output].height;
        step->width = session->layout.sizes[output].width;
        step->channels = place->stored;
        step->border = session->layout.buffers[place->buffer].border;
        octet_status status = OCTET_OK;
        if (step->layer->operation == OCT_CONVOLUTION)
            status = prepare_convolution(ctx, session, step);
        else if (step->layer->operation == OCT_MAX_POOL)
            prepare_pool(session, step);
        if (status)
            return status;
        cut(session, step);
    }
    session->scratch_bytes = oct_align(session->scratch_bytes + OCT_ALIGNMENT, OCT_ALIGNMENT);
    return OCTET_OK;
}
