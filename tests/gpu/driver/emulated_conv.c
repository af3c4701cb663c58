/* SPDX-License-Identifier: Apache-2.0 */
/* conv.cuh in C: a block of a convolution, from what is in shared memory to sums. */
#include <stdlib.h>
#include <string.h>

#include "base/bfloat16.h"
#include "emulated_conv.h"

#define CHANNELS_MAX 128 /* of a tile */

static struct conv_block block; /* one at a time: its sums and shared memory are large */

/* ---- sums ---- */

/* Which channel of the tile column `column` of a warp's block of 8 is. */
static int stored_channel(const struct emulated_tile *tile, int warp_column, int j, int column)
{
    const int group = j / 4, blocks = tile->j - group * 4 >= 4 ? 4 : 2;
    return warp_column * tile->j * 8 + group * 32 + column / 2 * 2 * blocks + j % 4 * 2 +
           column % 2;
}

struct oct_gpu_pixel conv_pixel(struct conv_block *b, int pixel)
{
    struct oct_gpu_pixel found;
    const int64_t first =
        OCT_GPU_TABLE_BYTES + b->tile->channels * 12 + b->p->half_steps * (int64_t)4;
    memcpy(&found,
           conv_shared_at(b, first + pixel * (int64_t)sizeof found, sizeof found, 0,
                          b->p->constant_bytes, "pixels"),
           sizeof found);
    return found;
}

static bool is_inside(const struct conv_block *b, struct oct_gpu_pixel pixel)
{
    return (pixel.place >> 16) < b->p->height - b->tile_y &&
           (pixel.place & 0xffff) < b->p->width - b->tile_x;
}

/* Constants as a thread reads them, of a channel of the tile. */
uint32_t conv_constant(struct conv_block *b, int array, int channel)
{
    uint32_t bits;
    memcpy(&bits,
           conv_shared_at(b, OCT_GPU_TABLE_BYTES + (array * b->tile->channels + channel) * 4, 4, 0,
                          b->p->constant_bytes, "constants"),
           4);
    return bits;
}

static void start_sums(struct conv_block *b)
{
    const int channels = b->tile->channels;
    for (int part = 0; part < b->tile->k; part++)
        for (int channel = 0; channel < channels; channel++) {
            const uint32_t first = part > 0 ? 0 : conv_constant(b, b->codes ? 0 : 2, channel);
            for (int pixel = 0; pixel < b->tile->pixels; pixel++)
                b->sums[(part * b->tile->pixels + pixel) * channels + channel].bits = first;
        }
}

/* The weights of a step, [channel of the tile][32 bytes of depth], from the order of registers. */
static void take_weights(struct conv_block *b, int64_t at, int64_t end, uint8_t *columns)
{
    const struct emulated_tile *tile = b->tile;
    for (int n = 0; n < tile->n; n++)
        for (int j = 0; j < tile->j; j++)
            for (int lane = 0; lane < 32; lane++) {
                const uint8_t *registers =
                    conv_shared_at(b, at + n * tile->j * 256 + j / 2 * 512 + lane * 16, 16, 0, end,
                                   "weights are read");
                uint8_t *to = columns + 32 * stored_channel(tile, n, j, lane / 4) + lane % 4 * 4;
                memcpy(to, registers + j % 2 * 8, 4);
                memcpy(to + 16, registers + j % 2 * 8 + 4, 4);
            }
}

static void multiply_codes(const uint8_t *row, const uint8_t *columns, int channels,
                           union conv_sum *sums)
{
    int16_t a[32];
    for (int i = 0; i < 32; i++)
        a[i] = row[i];
    for (int channel = 0; channel < channels; channel++) {
        const int8_t *w = (const int8_t *)columns + channel * 32;
        int32_t sum = 0;
        for (int i = 0; i < 32; i++)
            sum += a[i] * (int16_t)w[i];
        sums[channel].bits += (uint32_t)sum;
    }
}

static void multiply_bfloats(const uint8_t *row, const float *rows, int channels,
                             union conv_sum *sums)
{
    uint16_t a[16];
    memcpy(a, row, 32);
    for (int i = 0; i < 16; i++) {
        const float value = oct_bf16_value(a[i]), *w = rows + i * CHANNELS_MAX;
        for (int channel = 0; channel < channels; channel++)
            sums[channel].value += value * w[channel];
    }
}

/* Weights of 16 bits as floats, [depth][channel]. */
static void spread_weights(const uint8_t *columns, int channels, float *rows)
{
    for (int channel = 0; channel < channels; channel++) {
        uint16_t w[16];
        memcpy(w, columns + channel * 32, 32);
        for (int i = 0; i < 16; i++)
            rows[i * CHANNELS_MAX + channel] = oct_bf16_value(w[i]);
    }
}

/* A step's products: the 16 bytes of two half steps of every pixel that is there. */
static void multiply_step(struct conv_block *b, int64_t patch, const int32_t offsets[2], int part,
                          const uint8_t *columns)
{
    const struct oct_gpu_conv *p = b->p;
    const int channels = b->tile->channels;
    float rows[16 * CHANNELS_MAX];
    if (!b->codes)
        spread_weights(columns, channels, rows);
    for (int pixel = 0; pixel < b->tile->pixels; pixel++) {
        const struct oct_gpu_pixel place = conv_pixel(b, pixel);
        uint8_t depth[32];
        for (int half = 0; half < 2; half++)
            memcpy(depth + 16 * half,
                   conv_shared_at(b, patch + place.patch + offsets[half], 16, patch,
                                  patch + conv_patch_bytes(p), "the patch is read"),
                   16);
        union conv_sum *sums = b->sums + (part * b->tile->pixels + pixel) * channels;
        if (!is_inside(b, place))
            continue;
        if (b->codes)
            multiply_codes(depth, columns, channels, sums);
        else
            multiply_bfloats(depth, rows, channels, sums);
    }
}

/* Where a step's two half steps begin; those of the next one are read ahead. */
static void read_offsets(struct conv_block *b, int step, int32_t offsets[2])
{
    const int64_t first = OCT_GPU_TABLE_BYTES + b->tile->channels * 12;
    const int64_t end = first + b->p->half_steps * 4;
    memcpy(offsets, conv_shared_at(b, first + 8 * step, 8, 0, end, "offsets"), 8);
    conv_shared_at(b, first + 8 * step + 8, 8, 0, end, "offsets");
}

static void multiply_chunk(struct conv_block *b, int64_t stage)
{
    const struct oct_gpu_conv *p = b->p;
    const struct emulated_tile *tile = b->tile;
    const int64_t patch = stage + p->shared_patch;
    uint8_t columns[CHANNELS_MAX * 32];
    for (int part = 0; part < tile->k; part++) {
        const int begin = tile->k == 1 ? 0 : p->steps * part / tile->k;
        const int end = p->steps * (part + 1) / tile->k;
        for (int step = begin; step < end; step++) {
            int32_t offsets[2];
            read_offsets(b, step, offsets);
            take_weights(b, stage + (int64_t)step * tile->channels * 32, patch, columns);
            multiply_step(b, patch, offsets, part, columns);
        }
    }
}

/* Parts of the depth, added up through shared memory. */
static void add_parts(struct conv_block *b)
{
    const struct emulated_tile *tile = b->tile;
    const int count = tile->pixels * tile->channels;
    if (tile->k == 1)
        return;
    conv_shared_at(b, b->p->shared_weights, (int64_t)(tile->k - 1) * count * 4, 0, b->shared_bytes,
                   "sums of the depth's parts");
    for (int part = 1; part < tile->k; part++)
        for (int i = 0; i < count; i++) {
            if (b->codes)
                b->sums[i].bits += b->sums[part * count + i].bits;
            else
                b->sums[i].value += b->sums[part * count + i].value;
        }
}

/* ---- a block ---- */

static void find_tile(struct conv_block *b, int index)
{
    const struct oct_gpu_conv *p = b->p;
    const int pixels = emulated_divide(index, p->by_channel_tiles);
    b->channel_tile = index - pixels * p->channel_tiles;
    b->image = emulated_divide(pixels, p->by_image_tiles);
    const int in_image = pixels - b->image * (p->tiles_down * p->tiles_across);
    const int tile_row = emulated_divide(in_image, p->by_tiles_across);
    b->tile_y = tile_row * p->tile_height;
    b->tile_x = (in_image - tile_row * p->tiles_across) * p->tile_width;
    b->first_y = b->tile_y * p->stride - p->padding;
    b->first_x = b->tile_x * p->stride - p->padding;
}

static void run_block(struct conv_block *b, int index)
{
    const struct oct_gpu_conv *p = b->p;
    find_tile(b, index);
    fill_with_garbage(b->shared, (size_t)b->shared_bytes);
    conv_fill_constants(b);
    conv_fill_weights(b, p->shared_weights, 0);
    conv_fill_patch(b, p->shared_weights + p->shared_patch, 0);
    start_sums(b);
    for (int chunk = 0; chunk < p->chunks; chunk++) {
        const int64_t stage =
            p->shared_weights + (p->stages == 2 ? (chunk & 1) * (int64_t)p->shared_stage : 0);
        if (p->stages == 2 && chunk + 1 < p->chunks) {
            const int64_t next = p->shared_weights + ((chunk + 1) & 1) * (int64_t)p->shared_stage;
            conv_fill_weights(b, next, chunk + 1);
            conv_fill_patch(b, next + p->shared_patch, chunk + 1);
        }
        multiply_chunk(b, stage);
        if (p->stages == 1 && chunk + 1 < p->chunks) {
            conv_fill_weights(b, p->shared_weights, chunk + 1);
            conv_fill_patch(b, p->shared_weights + p->shared_patch, chunk + 1);
        }
    }
    add_parts(b);
    for (int pixel = 0; pixel < b->tile->pixels; pixel++)
        if (is_inside(b, conv_pixel(b, pixel)))
            conv_store(b, pixel);
}

void emulate_conv(const struct emulated_kernel *kernel, const struct emulated_launch *launch)
{
    const int blocks = (int)launch->grid[0];
    const bool backwards = random_bits() & 1;
    block.p = launch->parameters;
    block.tile = &kernel->tile;
    block.codes = kernel->codes;
    block.finish = kernel->finish;
    block.shared_bytes = (int)launch->shared_bytes;
    for (int i = 0; i < blocks; i++)
        run_block(&block, backwards ? blocks - 1 - i : i);
}
