/* SPDX-License-Identifier: Apache-2.0 */
/* The step of a convolution of each channel by itself: how it is cut, and its constants. */
#include <stdio.h>
#include <string.h>

#include "base/bfloat16.h"
#include "network/scan_weights.h"
#include "runtime/backend/cuda/gpu_plan.h"

#define THREADS 128
#define ALIGNMENT 16  /* channels: a group of codes, of which a pixel of numbers has several */
#define BANK_GROUPS 8 /* 16 bytes each: all of shared memory's banks */
#define TILE_GROUPS 2 /* 32 bytes of a pixel: what memory gives at a time */
#define TILE_ROWS 8
#define PATCH_BYTES ((size_t)40 << 10) /* at most */

/* ---- tiles ---- */

static int divide_up(int a, int b)
{
    return (a + b - 1) / b;
}

/* Whether there is a kernel for its size and stride. */
static bool is_common(const struct oct_gpu_depthwise *d)
{
    return (d->kernel == 3 || d->kernel == 5 || d->kernel == 7) && d->stride <= 2;
}

/* Sets the patch of a tile, and returns its bytes. Rows stand apart so that as many neighbours as
 * can be lie in other banks, which is where threads read. */
static size_t place_patch(struct oct_gpu_depthwise *d)
{
    d->patch_height = (d->tile_height - 1) * d->stride + d->kernel;
    d->patch_width = (d->tile_width - 1) * d->stride + d->kernel;
    int row = d->patch_width * d->tile_groups;
    for (int more = 0; more < BANK_GROUPS; more++)
        if ((row + more) * d->stride % BANK_GROUPS == d->tile_groups % BANK_GROUPS) {
            row += more;
            break;
        }
    d->patch_row = row * OCT_GPU_GROUP_BYTES;
    return (size_t)d->patch_height * (size_t)d->patch_row;
}

/* Two groups where there are two, and pixels that give each thread of a block a strip or two. */
static size_t cut_tiles(struct oct_gpu_depthwise *d)
{
    const int groups = d->words / 4;
    d->tile_groups = groups < TILE_GROUPS ? groups : TILE_GROUPS;
    d->tile_height = d->height < TILE_ROWS ? d->height : TILE_ROWS;
    d->tile_width = (d->tile_groups == 1 || d->kernel > 3 ? 4 : 2) * OCT_GPU_STRIP;
    while (d->tile_width > OCT_GPU_STRIP && d->tile_width - OCT_GPU_STRIP >= d->width)
        d->tile_width -= OCT_GPU_STRIP;
    size_t bytes;
    while ((bytes = place_patch(d)) > PATCH_BYTES) {
        if (d->tile_groups > 1)
            d->tile_groups--;
        else if (d->tile_height > 1)
            d->tile_height--;
        else
            d->tile_width = OCT_GPU_STRIP;
    }
    d->tiles_down = divide_up(d->height, d->tile_height);
    d->tiles_across = divide_up(d->width, d->tile_width);
    d->group_tiles = divide_up(groups, d->tile_groups);
    d->by_group_tiles = oct_gpu_divisor_of(d->group_tiles);
    d->by_image_tiles = oct_gpu_divisor_of(d->tiles_down * d->tiles_across);
    d->by_tiles_across = oct_gpu_divisor_of(d->tiles_across);
    d->by_patch_columns = oct_gpu_divisor_of(d->patch_width * d->tile_groups);
    d->by_tile_groups = oct_gpu_divisor_of(d->tile_groups);
    d->by_tile_words = oct_gpu_divisor_of(4 * d->tile_groups);
    d->by_tile_height = oct_gpu_divisor_of(d->tile_height);
    return bytes;
}

int64_t oct_gpu_depthwise_blocks(const struct oct_gpu_depthwise *d)
{
    if (d->input.type == OCT_GPU_U8)
        return (int64_t)d->tiles_down * d->tiles_across * d->group_tiles * d->images;
    return ((int64_t)d->images * d->height * d->width * d->words + THREADS - 1) / THREADS;
}

/* ---- the step ---- */

octet_status oct_gpu_plan_depthwise(struct oct_gpu_plan *plan, int index)
{
    const struct oct_layer *layer = &plan->network->layers[index];
    const struct oct_network_size in = plan->layout.sizes[layer->input],
                                  out = plan->layout.sizes[layer->output];
    struct oct_gpu_view input, residual = {0};
    octet_status status = oct_gpu_plan_view(plan, index, layer->input, ALIGNMENT, &input);
    if (!status && layer->residual >= 0)
        status = oct_gpu_plan_view(plan, index, layer->residual, ALIGNMENT, &residual);
    if (status)
        return status;
    struct oct_gpu_step *step = oct_gpu_plan_add(plan, index, OCT_GPU_DEPTHWISE, "", THREADS);
    if (!step)
        return oct_fail_memory(plan->ctx, "the plan");
    step->channels = oct_gpu_stored(plan->network, layer->output);
    struct oct_gpu_depthwise *d = &step->of.depthwise;
    *d = (struct oct_gpu_depthwise){
        .input = input,
        .output = oct_gpu_plan_output(plan, layer->output),
        .residual = residual,
        .kernel = layer->kernel,
        .stride = layer->stride,
        .padding = layer->padding,
        .input_height = in.height,
        .input_width = in.width,
        .height = out.height,
        .width = out.width,
        .images = plan->layout.batch,
        .words = step->channels / 4,
        .activation = oct_gpu_activation_of(layer),
    };
    if (input.type == OCT_GPU_U8)
        step->shared_bytes = cut_tiles(d);
    if (input.type == OCT_GPU_U8 && is_common(d))
        snprintf(step->kernel, sizeof step->kernel, "depthwise_u8_k%d_s%d", d->kernel, d->stride);
    else
        snprintf(step->kernel, sizeof step->kernel, "depthwise_%s",
                 input.type == OCT_GPU_U8     ? "u8_any"
                 : input.type == OCT_GPU_BF16 ? "bf16"
                                              : "f32");
    if (oct_gpu_depthwise_blocks(d) > INT32_MAX)
        return oct_fail_memory(plan->ctx, "activations of this size");
    return OCTET_OK;
}

/* ---- constants ---- */

/* Zeros of `bytes` bytes for each stored channel. */
static uint64_t add_room(const struct oct_gpu_step *step, struct oct_gpu_constants *constants,
                         size_t bytes)
{
    return oct_gpu_constants_add(constants, NULL, (size_t)step->channels * bytes);
}

static uint64_t add_floats(const struct oct_gpu_step *step, struct oct_gpu_constants *constants,
                           const float *values, int count)
{
    const uint64_t at = add_room(step, constants, sizeof *values);
    if (at)
        memcpy(constants->bytes + at, values, (size_t)count * sizeof *values);
    return at;
}

/* Four taps of a row in each word, a word of each of four channels beside each other. */
static void pack_fours(const struct oct_gpu_depthwise *d, const int8_t *codes, int channels,
                       uint8_t *to)
{
    const int shifts = d->stride == 1 ? 2 : 1, fours = divide_up(d->kernel + shifts - 1, 4);
    for (int row = 0; row < d->kernel * shifts * fours; row++, to += 16 * d->words) {
        const int dy = row / (shifts * fours), shift = row / fours % shifts;
        const int first = row % fours * 4 - shift;
        for (int n = 0; n < channels; n++)
            for (int i = 0; i < 4; i++)
                if (first + i >= 0 && first + i < d->kernel)
                    to[4 * n + i] = (uint8_t)codes[(n * d->kernel + dy) * d->kernel + first + i];
    }
}

/* Codes, in a kernel's order. */
static uint64_t add_codes(const struct oct_gpu_step *step, struct oct_gpu_constants *constants,
                          const int8_t *codes, int channels)
{
    const struct oct_gpu_depthwise *d = &step->of.depthwise;
    const size_t taps = (size_t)d->kernel * (size_t)d->kernel;
    const int shifts = d->stride == 1 ? 2 : 1, fours = divide_up(d->kernel + shifts - 1, 4);
    const uint64_t at =
        add_room(step, constants, is_common(d) ? (size_t)(d->kernel * shifts * fours) * 4 : taps);
    if (!at)
        return 0;
    uint8_t *to = constants->bytes + at;
    if (is_common(d))
        pack_fours(d, codes, channels, to);
    for (size_t tap = 0; tap < taps && !is_common(d); tap++, to += step->channels)
        for (size_t n = 0; n < (size_t)channels; n++)
            to[n] = (uint8_t)codes[n * taps + tap];
    return at;
}

/* Values, whatever they are stored as. */
static uint64_t add_values(const struct oct_gpu_step *step, struct oct_gpu_constants *constants,
                           const struct oct_layer *layer, int channels)
{
    const size_t taps = (size_t)layer->kernel * (size_t)layer->kernel;
    const uint64_t at = add_room(step, constants, taps * sizeof(float));
    if (!at)
        return 0;
    float *to = (float *)(void *)(constants->bytes + at);
    for (size_t tap = 0; tap < taps; tap++, to += step->channels)
        for (size_t n = 0; n < (size_t)channels; n++)
            to[n] = layer->bf16 ? oct_bf16_value(layer->bf16[n * taps + tap])
                                : layer->values[n * taps + tap];
    return at;
}

/* What lies outside of the picture, of each channel, and what its sum begins with: minus the sum
 * of weight code * zero point, in range: verified with the network. */
static bool add_zeros(const struct oct_gpu_plan *plan, struct oct_gpu_step *step,
                      struct oct_gpu_constants *constants, int channels)
{
    const struct oct_network *network = plan->network;
    const struct oct_layer *layer = &network->layers[step->layer];
    struct oct_gpu_depthwise *d = &step->of.depthwise;
    const size_t taps = (size_t)layer->kernel * (size_t)layer->kernel;
    d->zeros = add_room(step, constants, 1);
    d->start = add_room(step, constants, sizeof(int32_t));
    if (!d->zeros || !d->start)
        return false;
    int32_t *start = (int32_t *)(void *)(constants->bytes + d->start);
    for (int n = 0; n < channels; n++) {
        const struct oct_network_channel at = oct_network_resolve(network, layer->input, n);
        const int zero_point = network->tensors[at.tensor].quantization.zero_point;
        constants->bytes[d->zeros + (size_t)n] = (uint8_t)zero_point;
        start[n] =
            (int32_t) - (oct_sum_codes(layer->codes + (size_t)n * taps, taps).sum * zero_point);
    }
    return true;
}

octet_status oct_gpu_plan_depthwise_weights(const struct oct_gpu_plan *plan,
                                            struct oct_gpu_step *step,
                                            struct oct_gpu_constants *constants, uint64_t table)
{
    const struct oct_layer *layer = &plan->network->layers[step->layer];
    const int channels = plan->network->tensors[layer->output].channels;
    struct oct_gpu_depthwise *d = &step->of.depthwise;
    d->table = table;
    d->bias = add_floats(step, constants, layer->bias, channels);
    bool made = d->bias;
    if (made && layer->codes) {
        d->scale = add_floats(step, constants, layer->scale, channels);
        made = d->scale && add_zeros(plan, step, constants, channels);
    }
    if (made)
        d->weights = layer->codes ? add_codes(step, constants, layer->codes, channels)
                                  : add_values(step, constants, layer, channels);
    return made && d->weights ? OCTET_OK : oct_fail_memory(plan->ctx, "the plan's constants");
}
