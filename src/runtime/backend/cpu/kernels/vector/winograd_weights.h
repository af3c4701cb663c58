/* SPDX-License-Identifier: Apache-2.0 */
/* Winograd's transform of weights, and how they are packed (winograd.h). */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_WINOGRAD_WEIGHTS_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_WINOGRAD_WEIGHTS_H

#include <string.h>

#include "base/float16.h"
#include "runtime/backend/cpu/kernels/vector/winograd_transforms.h"

static size_t winograd_packed_bytes(const struct oct_conv_shape *shape)
{
    return (size_t)whole_vectors(shape->output_channels) * OCT_LANES * POINTS * POINTS *
           (size_t)shape->input_channels * WORD_BYTES;
}

#if OCT_CODES

typedef int16_t winograd_weight;
typedef int16_t weight_sum;

OCT_INLINE weight_sum raw_weight(const struct oct_conv_weights *weights, size_t at)
{
    return weights->codes[at];
}

OCT_INLINE winograd_weight packed_weight(weight_sum sum)
{
    return sum;
}

#else

#if OCT_HALVES
typedef uint16_t winograd_weight;
#else
typedef float winograd_weight;
#endif
typedef double weight_sum; /* rounded once */

OCT_INLINE weight_sum raw_weight(const struct oct_conv_weights *weights, size_t at)
{
    return (weight_sum)oct_conv_value(weights, at);
}

#if OCT_HALVES
OCT_INLINE winograd_weight packed_weight(weight_sum sum)
{
    return oct_f16_of((float)sum);
}
#else
/* Both ways G is 24 times too large. */
OCT_INLINE winograd_weight packed_weight(weight_sum sum)
{
    return (float)(sum / (24 * 24));
}
#endif

#endif

enum { ROW = OCT_LANES * OCT_GROUP }; /* weights of a vector, as they are packed */

/* G g of rows `g`, `from` rows apart, to rows of `u`, `to` rows apart. */
OCT_INLINE void transform_weights(const weight_sum (*g)[ROW], int from, weight_sum (*u)[ROW],
                                  int to)
{
    for (int i = 0; i < ROW; i++) {
        const weight_sum first = g[0][i], middle = g[from][i], last = g[2 * from][i];
#if OCT_HALVES
        weight_sum results[POINTS];
        transform_taps(first, middle, last, results);
        for (int k = 0; k < POINTS; k++)
            u[k * to][i] = results[k];
#else
        const weight_sum even = (weight_sum)(first + last);
        const weight_sum far = (weight_sum)(first + 4 * last);
        u[0][i] = (weight_sum)(6 * first);
        u[to][i] = (weight_sum)(-4 * (even + middle));
        u[2 * to][i] = (weight_sum)(-4 * (even - middle));
        u[3 * to][i] = (weight_sum)(far + 2 * middle);
        u[4 * to][i] = (weight_sum)(far - 2 * middle);
        u[5 * to][i] = (weight_sum)(12 * last);
#endif
    }
}

/* The taps of a vector of output channels from `output` on and of OCT_GROUP stored input channels
 * from `input` on: zeros where there are none. */
OCT_INLINE void take_taps(const struct oct_conv_weights *weights, int output, int input,
                          weight_sum taps[9][ROW])
{
    const int left = weights->output_channels - output;
    const int count = left < OCT_LANES ? left : OCT_LANES;
    memset(taps, 0, 9 * sizeof *taps);
    for (int j = 0; j < OCT_GROUP; j++) {
        size_t from;
        if (!oct_conv_find(weights, output, input + j, 9, &from))
            continue;
        for (int n = 0; n < count; n++, from += (size_t)weights->input_channels * 9) {
            for (size_t tap = 0; tap < 9; tap++)
                taps[tap][n * OCT_GROUP + j] = raw_weight(weights, from + tap);
        }
    }
}

/* All points of the vector that `taps` are of, `point` apart. Its last channels, all but `count`,
 * are no stored ones. */
OCT_INLINE void pack_vector(const weight_sum taps[9][ROW], int count, winograd_weight *out,
                            size_t point)
{
    weight_sum half[POINTS * 3][ROW], u[POINTS][ROW];
    for (int x = 0; x < 3; x++)
        transform_weights(taps + x, 3, half + x, 3);
    for (int y = 0; y < POINTS; y++) {
        transform_weights(half + (ptrdiff_t)3 * y, 1, u, 1);
        for (int x = 0; x < POINTS; x++, out += point) {
            for (int i = 0; i < ROW; i++)
                out[i] = packed_weight(u[x][i]);
            if (count < OCT_LANES)
                memset(out + count * OCT_GROUP, 0, (size_t)(OCT_LANES - count) * STEP_BYTES);
        }
    }
}

/* Packed: [channel tile][point][input channels / OCT_GROUP][channels of the tile][OCT_GROUP]. */
static __attribute__((noinline)) void winograd_pack(const struct oct_conv_shape *shape,
                                                    const struct oct_conv_weights *weights,
                                                    void *packed, int vectors)
{
    const int inputs = shape->input_channels, outputs = shape->output_channels;
    winograd_weight *out = packed;
    for (int tile = 0; tile < outputs; tile += vectors * OCT_LANES) {
        const int whole = whole_vectors(outputs - tile);
        const int width = (whole < vectors ? whole : vectors) * OCT_LANES;
        const size_t point = (size_t)width * (size_t)inputs;
        for (int n = 0; n < width; n += OCT_LANES) {
            const int left = outputs - tile - n;
            for (int c = 0; c < inputs; c += OCT_GROUP) {
                weight_sum taps[9][ROW];
                take_taps(weights, tile + n, c, taps);
                pack_vector((const weight_sum(*)[ROW])taps, left < OCT_LANES ? left : OCT_LANES,
                            out + (size_t)c * (size_t)width + (size_t)n * OCT_GROUP, point);
            }
        }
        out += POINTS * POINTS * point;
    }
}

#endif
