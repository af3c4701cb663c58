/* SPDX-License-Identifier: Apache-2.0 */
/* What a convolution's sums begin with and are scaled by, and how large they become: all that
 * follows from the network, whatever the kernel. */
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

/* False when out of memory. */
static bool add_up_codes(octet_context *ctx, const struct oct_network *network,
                         const struct oct_layer *layer, int32_t *start, int64_t *magnitude)
{
    const struct oct_tensor *tensors = network->tensors;
    if (oct_is_depthwise(layer)) {
        *magnitude = add_up_channels(network, layer, start);
        return true;
    }
    struct run *runs = oct_malloc(ctx, (size_t)tensors[layer->input].channels, sizeof *runs);
    if (!runs)
        return false;
    const int count = find_runs(network, layer->input, runs);
    *magnitude = add_up(layer, (size_t)tensors[layer->output].channels, runs, count, start);
    oct_free(ctx, runs);
    return true;
}

bool oct_conv_constants_make(struct oct_arena *arena, const struct oct_network *network,
                             const struct oct_layer *layer, struct oct_conv_constants *constants)
{
    const size_t outputs = (size_t)network->tensors[layer->output].channels;
    const size_t padded = oct_align(outputs, CHANNEL_PAD);
    int32_t *start = oct_arena_calloc(arena, padded, sizeof *start);
    float *scale = oct_arena_calloc(arena, padded, sizeof *scale);
    float *bias = oct_arena_calloc(arena, padded, sizeof *bias);
    if (!start || !scale || !bias)
        return false;
    *constants = (struct oct_conv_constants){start, scale, bias, 0};
    memcpy(bias, layer->bias, outputs * sizeof *bias);
    if (!layer->codes)
        return true;
    memcpy(scale, layer->scale, outputs * sizeof *scale);
    int64_t magnitude = 0;
    const bool made = add_up_codes(arena->ctx, network, layer, start, &magnitude);
    constants->reach =
        magnitude < INT32_MAX / CODE_SPAN ? (int32_t)(CODE_SPAN * magnitude) : INT32_MAX;
    return made;
}
