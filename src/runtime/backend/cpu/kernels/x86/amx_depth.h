/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How AMX' convolutions cut depth into steps of at most 64 bytes, and weights packed so. What the
 * taps of one kernel row read is one stretch of memory, or each tap is one, whichever takes less
 * time. What lies between the taps of a slice, and behind a stretch, has weights of zero.
 *
 * Packed weights: [32 channels][step][16 channels][depth / 4][16 channels][4 bytes].
 */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_AMX_DEPTH_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_AMX_DEPTH_H

#include <string.h>

#include "runtime/backend/cpu/kernels/kernels.h"
#include "runtime/backend/cpu/kernels/vector/finish_job.h"
#include "runtime/backend/cpu/kernels/x86/amx.h"

enum { ELEMENT_BYTES = 4 / OCT_GROUP, BLOCK_CHANNELS = 2 * OCT_LANES };

/* How the depth of a convolution is cut into steps. */
struct depth {
    int rows;       /* of the kernel */
    int stretches;  /* of each: 1, or one for each tap */
    int steps;      /* of each */
    int elements;   /* of a stretch; its last step's others have weights of zero */
    int step_bytes; /* a multiple of 4, at most 64 */
};

/* Steps of BF16 end where the stretch ends: what lies behind may be no number, whose product with
 * a weight of zero is none either. */
static struct depth cut_depth(const struct oct_conv_shape *shape, int stretches, int elements)
{
    const int bytes = elements * ELEMENT_BYTES;
    int steps = (bytes + AMX_ROW_BYTES - 1) / AMX_ROW_BYTES;
    while (OCT_GROUP == 2 && bytes % (4 * steps) != 0)
        steps++;
    const int step = (bytes + steps - 1) / steps;
    return (struct depth){shape->kernel, stretches, steps, elements, (step + 3) & ~3};
}

static int all_steps(const struct depth *depth)
{
    return depth->rows * depth->stretches * depth->steps;
}

/* Cycles on an Intel server with AMX (bench/notes/amx.md): a multiplication of tiles; a load of a
 * row of a tile of pixels, and what it costs more across two cache lines; a load of a tile of
 * weights. */
#define AMX_MULTIPLY_CYCLES 16
#define AMX_ROW_CYCLES 0.5
#define AMX_SPLIT_CYCLES 2.5
#define AMX_WEIGHTS_CYCLES 9

/* Cycles of a block, about: its four multiplications in each step, or the loads that they wait
 * for. */
static double depth_cost(const struct oct_conv_shape *shape, const struct depth *depth)
{
    const int pixel = shape->input_pixel * shape->stride * ELEMENT_BYTES;
    const int tiles = shape->output_channels > OCT_LANES ? 2 : 4; /* of pixels */
    const int multiply = 4 * AMX_MULTIPLY_CYCLES;
    int across = 0; /* rows that cross a line, of all steps */
    for (int row = 0; row < AMX_ROWS; row++) {
        for (int step = 0; step < depth->steps; step++)
            across += (row * pixel + step * depth->step_bytes) % LINE_BYTES + depth->step_bytes >
                      LINE_BYTES;
    }
    const double loads =
        tiles * (AMX_ROWS * AMX_ROW_CYCLES + AMX_SPLIT_CYCLES * across / depth->steps) +
        AMX_WEIGHTS_CYCLES * (4 / tiles);
    return all_steps(depth) * (loads > multiply ? loads : multiply);
}

static struct depth depth_of(const struct oct_conv_shape *shape)
{
    const struct depth rows =
        cut_depth(shape, 1, (shape->kernel - 1) * shape->input_pixel + shape->input_channels);
    const struct depth taps = cut_depth(shape, shape->kernel, shape->input_channels);
    if (OCT_GROUP == 2 && shape->input_pixel != shape->input_channels)
        return taps; /* between them lies what may be no number */
    return depth_cost(shape, &rows) <= depth_cost(shape, &taps) ? rows : taps;
}

/* Of a tile of weights. */
static size_t tile_bytes(const struct depth *depth)
{
    return (size_t)depth->step_bytes / 4 * AMX_ROW_BYTES;
}

static size_t conv_packed_bytes(const struct oct_conv_shape *shape)
{
    const struct depth depth = depth_of(shape);
    return (size_t)(whole_vectors(shape->output_channels) * all_steps(&depth)) * tile_bytes(&depth);
}

/* The weights of 16 channels from `channel` on for one step: element `begin` on of stretch
 * `stretch` of kernel row `row`. */
static void pack_tile(const struct oct_conv_shape *shape, const struct oct_conv_weights *weights,
                      const struct depth *depth, int channel, int row, int stretch, int begin,
                      uint8_t *tile)
{
    const int inputs = shape->input_channels;
    const size_t taps = (size_t)(shape->kernel * shape->kernel);
    for (int i = 0; i < depth->step_bytes / ELEMENT_BYTES && begin + i < depth->elements; i++) {
        const int at = stretch * shape->input_pixel + begin + i;
        const int column = at / shape->input_pixel, input = at % shape->input_pixel;
        if (input >= inputs)
            continue;
        const size_t tap = (size_t)(row * shape->kernel + column);
        size_t from;
        for (int n = 0; n < OCT_LANES && oct_conv_find(weights, channel + n, input, taps, &from);
             n++)
            pack_weight(weights, from + tap,
                        tile + i / OCT_GROUP * AMX_ROW_BYTES + n * 4 +
                            i % OCT_GROUP * ELEMENT_BYTES);
    }
}

static void conv_pack(const struct oct_conv_shape *shape, const struct oct_conv_weights *weights,
                      void *packed)
{
    const struct depth depth = depth_of(shape);
    uint8_t *out = packed;
    memset(packed, 0, conv_packed_bytes(shape));
    for (int block = 0; block < shape->output_channels; block += BLOCK_CHANNELS) {
        const int left = shape->output_channels - block;
        const int end = block + (left < BLOCK_CHANNELS ? left : BLOCK_CHANNELS);
        for (int step = 0; step < all_steps(&depth); step++) {
            const int stretch = step / depth.steps;
            const int begin = step % depth.steps * (depth.step_bytes / ELEMENT_BYTES);
            for (int channel = block; channel < end;
                 channel += OCT_LANES, out += tile_bytes(&depth))
                pack_tile(shape, weights, &depth, channel, stretch / depth.stretches,
                          stretch % depth.stretches, begin, out);
        }
    }
}

#endif
