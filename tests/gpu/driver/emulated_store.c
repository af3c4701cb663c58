/* SPDX-License-Identifier: Apache-2.0 */
/* conv.cuh in C: from a tile's sums to memory, in the pieces that threads store. */
#include <math.h>
#include <string.h>

#include "base/bfloat16.h"
#include "emulated_conv.h"

/* Where a pixel's channels of the tile begin; residual 0: there is none. */
struct target {
    uint64_t output, residual;
    int output_bytes, residual_bytes;
};

static struct target find_target(struct conv_block *b, int pixel)
{
    const struct oct_gpu_conv *p = b->p;
    const struct oct_gpu_pixel place = conv_pixel(b, pixel);
    const bool any = b->finish == FINISH_ANY;
    struct target t = {
        .output_bytes = b->finish == FINISH_VALUES ? 4
                        : any                      ? emulated_element_bytes(p->output.type)
                        : b->codes                 ? 1
                                                   : 2,
        .residual_bytes = any ? emulated_element_bytes(p->residual.type) : 1,
    };
    const uint64_t first = (uint64_t)(b->channel_tile * b->tile->channels);
    t.output = emulated_pixel(&p->output, b->image, b->tile_y, b->tile_x) +
               (uint64_t)(int64_t)place.output + first * (uint64_t)t.output_bytes;
    if (b->finish == FINISH_SILU_RESIDUAL || (any && p->residual.data))
        t.residual = emulated_pixel(&p->residual, b->image, b->tile_y, b->tile_x) +
                     (uint64_t)(int64_t)place.residual + first * (uint64_t)t.residual_bytes;
    return t;
}

/* Codes of SiLU, and maybe of a residual of codes, of 4 or 8 channels of one pixel. */
static void store_codes(const struct conv_block *b, uint64_t output, uint64_t residual, int count,
                        int thread, float *y)
{
    const struct oct_gpu_conv *p = b->p;
    const float *table = (const float *)(const void *)b->shared;
    const bool adds = b->finish == FINISH_SILU_RESIDUAL;
    const uint8_t *added = adds ? gpu_read(residual, (size_t)count, (size_t)count) : NULL;
    uint8_t *to = gpu_write(output, (size_t)count, (size_t)count);
    for (int k = 0; k < count; k++) {
        y[k] = emulated_silu(y[k], table, thread);
        if (adds)
            y[k] = emulated_add_code(added[k], p->residual.zero_point, p->residual.scale, y[k]);
    }
    for (int q = 0; q < count; q += 4) {
        const uint32_t codes =
            emulated_codes_of(y + q, p->output.inverse_scale, p->output.zero_point);
        memcpy(to + q, &codes, 4);
    }
}

/* Four channels of any finish. */
static void store_values(const struct conv_block *b, uint64_t output, uint64_t residual, int thread,
                         float y[4])
{
    const struct oct_gpu_conv *p = b->p;
    const float *table = (const float *)(const void *)b->shared;
    const bool any = b->finish == FINISH_ANY;
    for (int k = 0; k < 4 && b->finish == FINISH_SILU; k++)
        y[k] = b->codes ? emulated_silu(y[k], table, thread) : emulated_silu_of_values(y[k]);
    if (any && b->codes)
        emulated_activate(p->activation, table, thread, y);
    else if (any)
        emulated_activate_values(p->activation, table, thread, y);
    if (any && residual)
        emulated_add_residual(&p->residual, residual, y);
    if (b->finish == FINISH_VALUES) {
        memcpy(gpu_write(output, 16, 16), y, 16);
    } else if (b->finish == FINISH_SILU) {
        uint16_t *to = gpu_write(output, 8, 8);
        for (int k = 0; k < 4; k++)
            to[k] = oct_bf16_of(y[k]);
    } else {
        emulated_store_any(&p->output, output, y);
    }
}

/* The value of a channel of the tile, before what follows the sum. */
static float value_of(struct conv_block *b, int pixel, int channel)
{
    const union conv_sum sum = b->sums[pixel * b->tile->channels + channel];
    union conv_sum scale, bias;
    if (!b->codes)
        return sum.value;
    scale.bits = conv_constant(b, 1, channel);
    bias.bits = conv_constant(b, 2, channel);
    return fmaf((float)(int32_t)sum.bits, scale.value, bias.value);
}

void conv_store(struct conv_block *b, int pixel)
{
    const struct emulated_tile *tile = b->tile;
    const struct target t = find_target(b, pixel);
    const bool codes = b->codes && (b->finish == FINISH_SILU || b->finish == FINISH_SILU_RESIDUAL);
    for (int n = 0; n < tile->n; n++)
        for (int group = 0; group * 4 < tile->j; group++)
            for (int thread = 0; thread < 4; thread++) {
                const int count = tile->j - group * 4 >= 4 ? 8 : 4;
                const int channel = n * tile->j * 8 + group * 32 + thread * count;
                const uint64_t output = t.output + (uint64_t)(channel * t.output_bytes);
                const uint64_t residual =
                    t.residual ? t.residual + (uint64_t)(channel * t.residual_bytes) : 0;
                float y[8];
                for (int k = 0; k < count; k++)
                    y[k] = value_of(b, pixel, channel + k);
                if (codes)
                    store_codes(b, output, residual, count, pixel % 8 * 4 + thread, y);
                for (int q = 0; q < count && !codes; q += 4)
                    store_values(b, output + (uint64_t)(q * t.output_bytes),
                                 residual ? residual + (uint64_t)(q * t.residual_bytes) : 0,
                                 pixel % 8 * 4 + thread, y + q);
            }
}
