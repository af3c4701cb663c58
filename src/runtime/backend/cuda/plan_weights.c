/* SPDX-License-Identifier: Apache-2.0 */
/* A convolution's constants: weights in its kernel's order, and what turns sums into values. */
#include <string.h>

#include "network/scan_weights.h"
#include "runtime/backend/cuda/gpu_plan.h"

static uint64_t add_floats(struct oct_gpu_constants *constants, const float *values, int count,
                           int stored)
{
    const uint64_t at = oct_gpu_constants_add(constants, NULL, (size_t)stored * sizeof *values);
    if (at && values)
        memcpy(constants->bytes + at, values, (size_t)count * sizeof *values);
    return at;
}

/* start[n]: minus the sum of weight code * zero point, in range: verified with the network. */
static uint64_t add_start(const struct oct_gpu_plan *plan, const struct oct_layer *layer,
                          struct oct_gpu_constants *constants, int stored)
{
    const struct oct_network *network = plan->network;
    const int inputs = network->tensors[layer->input].channels;
    const int outputs = network->tensors[layer->output].channels;
    const size_t taps = (size_t)layer->kernel * (size_t)layer->kernel;
    const uint64_t at = oct_gpu_constants_add(constants, NULL, (size_t)stored * sizeof(int32_t));
    int32_t *zero_points = oct_malloc(plan->ctx, (size_t)inputs, sizeof *zero_points);
    if (!at || !zero_points) {
        oct_free(plan->ctx, zero_points);
        return 0;
    }
    for (int c = 0; c < inputs; c++)
        zero_points[c] = network->tensors[oct_network_resolve(network, layer->input, c).tensor]
                             .quantization.zero_point;
    int32_t *start = (int32_t *)(void *)(constants->bytes + at);
    const int8_t *codes = layer->codes;
    for (int n = 0; n < outputs; n++) {
        int64_t sum = 0;
        for (int c = 0; c < inputs; c++, codes += taps)
            if (zero_points[c])
                sum += oct_sum_codes(codes, taps).sum * zero_points[c];
        start[n] = (int32_t)-sum;
    }
    oct_free(plan->ctx, zero_points);
    return at;
}

/* For oct_gpu_conv_pack(). */
struct weights {
    const struct oct_layer *layer;
    const int *inputs;
    size_t taps;
    int input_channels, output_channels;
    int columns; /* pixels: groups of 4 taps in a row of them */
};

static bool find_weight(const struct weights *w, int channel, int tap, int position, size_t *at)
{
    const int input = w->inputs[position];
    if (input < 0 || channel >= w->output_channels)
        return false;
    *at = ((size_t)channel * (size_t)w->input_channels + (size_t)input) * w->taps + (size_t)tap;
    return true;
}

static void codes_of(const void *user, int channel, int tap, int group, uint8_t bytes[16])
{
    const struct weights *w = user;
    size_t at;
    for (int i = 0; i < 16; i++)
        bytes[i] =
            find_weight(w, channel, tap, group * 16 + i, &at) ? (uint8_t)w->layer->codes[at] : 0;
}

static void bfloats_of(const void *user, int channel, int tap, int group, uint8_t bytes[16])
{
    const struct weights *w = user;
    size_t at;
    for (int i = 0; i < 8; i++) {
        const uint16_t value =
            find_weight(w, channel, tap, group * 8 + i, &at) ? w->layer->bf16[at] : 0;
        memcpy(bytes + 2 * i, &value, sizeof value);
    }
}

/* Pixels: a group is 4 taps beside each other. */
static void pixels_of(const void *user, int channel, int tap, int group, uint8_t bytes[16])
{
    const struct weights *w = user;
    const int row = group / w->columns;
    size_t at;
    (void)tap;
    for (int i = 0; i < 16; i++) {
        const int dx = group % w->columns * 4 + i / 4;
        bytes[i] = dx < w->layer->kernel && row < w->layer->kernel && i % 4 < 3 &&
                           find_weight(w, channel, row * w->layer->kernel + dx, i % 4, &at)
                       ? (uint8_t)w->layer->codes[at]
                       : 0;
    }
}

/* Where the arrays of a convolution are in the block; 0: there is none. */
struct factors {
    uint64_t table, start, scale, bias;
};

static const void *bytes_at(const struct oct_gpu_constants *constants, uint64_t at)
{
    return at ? constants->bytes + at : NULL;
}

static octet_status add_conv_weights(struct oct_gpu_step *step, const struct weights *weights,
                                     const struct factors *at, struct oct_gpu_constants *constants)
{
    struct oct_gpu_conv *conv = &step->of.conv;
    conv->zeros = oct_gpu_constants_add(constants, step->zeros, (size_t)conv->groups);
    conv->constants = oct_gpu_constants_add(
        constants, NULL, (size_t)conv->constant_bytes * (size_t)conv->channel_tiles);
    conv->weights = oct_gpu_constants_add(constants, NULL, oct_gpu_conv_weight_bytes(conv));
    if (!conv->zeros || !conv->constants || !conv->weights)
        return OCTET_OUT_OF_MEMORY;
    const struct oct_gpu_factors factors = {
        bytes_at(constants, at->table), bytes_at(constants, at->start),
        bytes_at(constants, at->scale), bytes_at(constants, at->bias)};
    oct_gpu_conv_constants(conv, step->tile, &factors, constants->bytes + conv->constants);
    oct_gpu_conv_pack(conv, step->tile, weights->layer->codes ? codes_of : bfloats_of, weights,
                      constants->bytes + conv->weights);
    return OCTET_OK;
}

static octet_status add_pixels_weights(struct oct_gpu_step *step, struct weights *weights,
                                       struct oct_gpu_constants *constants)
{
    const struct oct_gpu_pixels_kernel *kernel =
        oct_gpu_pixels_kernel(step->channels, weights->layer->kernel);
    weights->columns = kernel->columns;
    const int j = kernel->channels / 8;
    const struct oct_gpu_tile tile = {
        .channels = kernel->channels, .m = 1, .n = 1, .k = 1, .i = 1, .j = j};
    /* as one tap of many groups: half steps come in the kernel's order */
    struct oct_gpu_conv conv = {.kernel = 1,
                                .chunk_groups = 2 * kernel->steps,
                                .chunks = 1,
                                .steps = kernel->steps,
                                .channel_tiles = step->channels / kernel->channels};
    conv.weight_bytes = conv.steps * kernel->channels * 32;
    step->of.pixels.weights =
        oct_gpu_constants_add(constants, NULL, oct_gpu_conv_weight_bytes(&conv));
    if (!step->of.pixels.weights)
        return OCTET_OUT_OF_MEMORY;
    oct_gpu_conv_pack(&conv, &tile, pixels_of, weights, constants->bytes + step->of.pixels.weights);
    return OCTET_OK;
}

static octet_status add_f32_weights(struct oct_gpu_step *step, const struct weights *weights,
                                    struct oct_gpu_constants *constants)
{
    struct oct_gpu_conv_f32 *conv = &step->of.conv_f32;
    const size_t rows = weights->taps * (size_t)conv->groups * 4, columns = (size_t)conv->channels;
    conv->weights = oct_gpu_constants_add(constants, NULL, rows * columns * sizeof(float));
    if (!conv->weights)
        return OCTET_OUT_OF_MEMORY;
    float *out = (float *)(void *)(constants->bytes + conv->weights);
    size_t at;
    for (int tap = 0; tap < (int)weights->taps; tap++)
        for (int p = 0; p < conv->groups * 4; p++, out += columns)
            for (int n = 0; n < weights->output_channels; n++)
                if (find_weight(weights, n, tap, p, &at))
                    out[n] = weights->layer->values[at];
    return OCTET_OK;
}

octet_status oct_gpu_plan_weights(const struct oct_gpu_plan *plan, struct oct_gpu_step *step,
                                  struct oct_gpu_constants *constants, uint64_t table)
{
    const struct oct_network *network = plan->network;
    const struct oct_layer *layer = &network->layers[step->layer];
    struct weights weights = {.layer = layer,
                              .inputs = step->inputs,
                              .taps = (size_t)layer->kernel * (size_t)layer->kernel,
                              .input_channels = network->tensors[layer->input].channels,
                              .output_channels = network->tensors[layer->output].channels};
    struct factors at = {.table = table};
    at.bias = add_floats(constants, layer->bias, weights.output_channels, step->channels);
    if (layer->codes) {
        at.scale = add_floats(constants, layer->scale, weights.output_channels, step->channels);
        at.start = add_start(plan, layer, constants, step->channels);
    }
    octet_status status =
        at.bias && (!layer->codes || (at.scale && at.start)) ? OCTET_OK : OCTET_OUT_OF_MEMORY;
    if (!status && step->kind == OCT_GPU_CONV) {
        status = add_conv_weights(step, &weights, &at, constants);
    } else if (!status && step->kind == OCT_GPU_PIXELS) {
        struct oct_gpu_pixels *pixels = &step->of.pixels;
        pixels->bias = at.bias;
        pixels->scale = at.scale;
        pixels->start = at.start;
        pixels->table = table;
        status = add_pixels_weights(step, &weights, constants);
    } else if (!status) {
        step->of.conv_f32.bias = at.bias;
        step->of.conv_f32.table = table;
        status = add_f32_weights(step, &weights, constants);
    }
    return status ? oct_fail_memory(plan->ctx, "the plan's constants") : OCTET_OK;
}
