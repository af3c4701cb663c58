/* SPDX-License-Identifier: Apache-2.0 */
/* Winograd's transform of weights, and how they are packed (winograd.h). */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_WINOGRAD_WEIGHTS_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_WINOGRAD_WEIGHTS_H

#include <string.h>

#include "base/bfloat16.h"
#include "runtime/backend/cpu/kernels/vector/winograd_places.h"

static size_t winograd_packed_bytes(const struct oct_conv_shape *shape)
{
    return (size_t)whole_vectors(shape->output_channels) * OCT_LANES * POINTS * POINTS *
           (size_t)shape->input_channels * WORD_BYTES;
}

#if OCT_CODES

typedef int8_t raw_weight;
typedef int16_t winograd_weight;
typedef int16_t weight_sum;

static const raw_weight *raw_weights(const struct oct_conv_weights *weights)
{
    return weights->codes;
}

OCT_INLINE winograd_weight packed_weight(weight_sum sum)
{
    return sum;
}

#else

typedef float raw_weight;
typedef float winograd_weight;
typedef double weight_sum; /* rounded once */

static const raw_weight *raw_weights(const struct oct_conv_weights *weights)
{
    return weights->values;
}

/* Both ways G is 24 times too large. */
OCT_INLINE winograd_weight packed_weight(weight_sum sum)
{
    return (float)(sum / (24 * 24));
}

#endif

/* As the input's type has it. */
OCT_INLINE raw_weight rounded_weight(raw_weight weight)
{
    return OCT_BF16 ? (raw_weight)oct_bf16_value(oct_bf16_of((float)weight)) : weight;
}

enum { PACK_INPUTS = 32 }; /* input channels that are worked on at a time */

/* G g of three, for many input channels. */
static inline void transform_weights(const weight_sum g[3][PACK_INPUTS],
                                     weight_sum u[POINTS][PACK_INPUTS])
{
    for (int i = 0; i < PACK_INPUTS; i++) {
        const weight_sum even = (weight_sum)(g[0][i] + g[2][i]);
        const weight_sum far = (weight_sum)(g[0][i] + 4 * g[2][i]);
        u[0][i] = (weight_sum)(6 * g[0][i]);
        u[1][i] = (weight_sum)(-4 * (even + g[1][i]));
        u[2][i] = (weight_sum)(-4 * (even - g[1][i]));
        u[3][i] = (weight_sum)(far + 2 * g[1][i]);
        u[4][i] = (weight_sum)(far - 2 * g[1][i]);
        u[5][i] = (weight_sum)(12 * g[2][i]);
    }
}

/* Packed: [channel tile][point][input channels / OCT_GROUP][channels of the tile][OCT_GROUP].
 * Here: `count` input channels of one output channel, `taps` distances between taps. */
static void pack_inputs(const int count, const size_t taps, const raw_weight *from,
                        winograd_weight *out, size_t point, size_t group)
{
    weight_sum columns[3][3][PACK_INPUTS] = {{{0}}}; /* [x][y] */
    weight_sum across[3][POINTS][PACK_INPUTS], row[3][PACK_INPUTS], u[POINTS][PACK_INPUTS];
    for (size_t tap = 0; tap < 9; tap++) {
        for (int i = 0; i < count; i++)
            columns[tap % 3][tap / 3][i] = rounded_weight(from[tap * taps + (size_t)i]);
    }
    for (int x = 0; x < 3; x++)
        transform_weights(columns[x], across[x]);
    for (size_t y = 0; y < POINTS; y++) {
        for (int x = 0; x < 3; x++)
            memcpy(row[x], across[x][y], sizeof row[x]);
        transform_weights(row, u);
        for (size_t x = 0; x < POINTS; x++) {
            winograd_weight *at = out + (y * POINTS + x) * point;
            for (int i = 0; i < count; i += OCT_GROUP, at += group) {
                for (int j = 0; j < OCT_GROUP; j++)
                    at[j] = packed_weight(u[x][i + j]);
            }
        }
    }
}

static __attribute__((noinline)) void winograd_pack(const struct oct_conv_shape *shape,
                                                    const struct oct_conv_weights *weights,
                                                    void *packed, int vectors)
{
    const size_t inputs = (size_t)shape->input_channels;
    winograd_weight *out = packed;
    for (int tile = 0; tile < shape->output_channels; tile += vectors * OCT_LANES) {
        const int left = shape->output_channels - tile, whole = whole_vectors(left);
        const int width = (whole < vectors ? whole : vectors) * OCT_LANES;
        const size_t point = (size_t)width * inputs, group = (size_t)width * OCT_GROUP;
        if (left < width)
            memset(out, 0, POINTS * POINTS * point * WORD_BYTES);
        for (int n = 0; n < width && n < left; n++) {
            for (size_t c = 0; c < inputs; c += PACK_INPUTS) {
                const int count = inputs - c < PACK_INPUTS ? (int)(inputs - c) : PACK_INPUTS;
                pack_inputs(count, inputs,
                            raw_weights(weights) + (size_t)(tile + n) * 9 * inputs + c,
                            out + (size_t)n * OCT_GROUP + c / OCT_GROUP * group, point, group);
            }
        }
        out += POINTS * POINTS * point;
    }
}

#endif
