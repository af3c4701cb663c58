/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The innermost loops of the convolutions. A tile is some pixels of one output row times some
 * vectors of output channels, all of its sums in registers. One step takes four bytes of every
 * pixel's input (4 codes, 2 codes widened to 16 bits, 2 BF16 values, or 1 float), broadcasts them,
 * and multiplies them with one vector of weights for each vector of channels; the weights of a
 * channel tile are read from end to end for every tile of pixels. config.h lists the macros.
 */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_TILES_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_TILES_H

#include <string.h>

#include "base/float16.h"
#include "runtime/backend/cpu/kernels/vector/contract.h"
#include "runtime/backend/cpu/kernels/vector/finish_job.h"
#include "runtime/backend/cpu/kernels/vector/sums.h"

#if !defined(OCT_TILES) || !defined(OCT_MOST_PIXELS)
#error "OCT_TILES and OCT_MOST_PIXELS must say which tiles registers hold"
#endif
#if !defined(V_STEP) && !defined(OCT_TILES_USED)
#error "V_STEP must multiply one step, or OCT_TILES_USED name another file's tiles"
#endif

enum { TILE_VECTORS = 28 }; /* the most sums of a tile: 14 x 2 of 32 registers */

/* Int32 sums are scaled as they leave a tile, while its last multiplications still run. */
enum { TILES_SCALE = OCT_CODES && !OCT_TILES_RAW };

/* Vector `n` of those at `first`. */
OCT_INLINE void *vector_at(const void *first, int n)
{
    return (uint8_t *)first + (ptrdiff_t)n * VECTOR_BYTES;
}

OCT_INLINE v_float tile_constants(const float *constants, int vector)
{
    return TILES_SCALE ? v_load(constants + vector * OCT_LANES) : v_set(0.0f);
}

OCT_INLINE v_float tile_value(v_sum sum, v_float scale, v_float bias)
{
    return TILES_SCALE ? v_fma(v_sum_number(sum), scale, bias) : v_sum_bits(sum);
}

/* Every third pixel has a pointer; the two after it are reached by an index, once and twice. */
#define DEFINE_TILE(PIXELS, VECTORS)                                                               \
    static void tile_##PIXELS##x##VECTORS(const struct tile *t, const uint8_t *input,              \
                                          float *values)                                           \
    {                                                                                              \
        _Static_assert((PIXELS) * (VECTORS) <= TILE_VECTORS, "more sums than room");               \
        v_sum sum[PIXELS][VECTORS];                                                                \
        const uint8_t *weights = t->weights;                                                       \
        const size_t pixel = t->pixel;                                                             \
        OCT_UNROLL                                                                                 \
        for (int n = 0; n < VECTORS; n++) {                                                        \
            const v_sum start = v_load_sum_aligned(vector_at(t->start, n));                        \
            OCT_UNROLL                                                                             \
            for (int m = 0; m < PIXELS; m++)                                                       \
                sum[m][n] = start;                                                                 \
        }                                                                                          \
        for (int row = 0; row < t->rows; row++) {                                                  \
            for (int column = 0; column < t->columns; column++) {                                  \
                const uint8_t *at[(PIXELS + 2) / 3];                                               \
                at[0] = input + (size_t)row * t->row + (size_t)column * t->column;                 \
                OCT_UNROLL                                                                         \
                for (int m = 1; m < (PIXELS + 2) / 3; m++)                                         \
                    at[m] = at[m - 1] + 3 * pixel;                                                 \
                for (int step = t->steps; step > 0; step--) {                                      \
                    v_sum w[VECTORS];                                                              \
                    OCT_UNROLL                                                                     \
                    for (int n = 0; n < VECTORS; n++)                                              \
                        w[n] = v_load_sum(weights + n * VECTOR_BYTES);                             \
                    OCT_UNROLL                                                                     \
                    for (int m = 0; m < PIXELS; m++) {                                             \
                        const v_sum x = v_broadcast(at[m / 3] + (size_t)(m % 3) * pixel);          \
                        OCT_UNROLL                                                                 \
                        for (int n = 0; n < VECTORS; n++)                                          \
                            V_STEP(sum[m][n], x, w[n]);                                            \
                    }                                                                              \
                    OCT_UNROLL                                                                     \
                    for (int m = 0; m < (PIXELS + 2) / 3; m++)                                     \
                        at[m] += STEP_BYTES;                                                       \
                    weights += VECTORS * VECTOR_BYTES;                                             \
                }                                                                                  \
            }                                                                                      \
        }                                                                                          \
        OCT_UNROLL                                                                                 \
        for (int n = 0; n < VECTORS; n++) {                                                        \
            const v_float scale = tile_constants(t->scale, n);                                     \
            const v_float bias = tile_constants(t->bias, n);                                       \
            OCT_UNROLL                                                                             \
            for (int m = 0; m < PIXELS; m++)                                                       \
                v_store((float *)vector_at(values, m *VECTORS + n),                                \
                        tile_value(sum[m][n], scale, bias));                                       \
        }                                                                                          \
    }

static const unsigned char most_pixels[] = OCT_MOST_PIXELS;

enum { MOST_VECTORS = (int)sizeof most_pixels - 1 };

#if defined(OCT_TILES_USED)
#define tile_functions OCT_TILES_USED
#else
OCT_TILES(DEFINE_TILE)

#define TILE_ENTRY(PIXELS, VECTORS) [VECTORS][PIXELS] = tile_##PIXELS##x##VECTORS,
#if defined(OCT_TILES_MADE)
#define tile_functions OCT_TILES_MADE
#define TILE_LINKAGE
#else
#define TILE_LINKAGE static
#endif
TILE_LINKAGE tile_function *const tile_functions[MOST_VECTORS + 1][TILE_PIXELS] = {
    OCT_TILES(TILE_ENTRY)};
#endif

/* The channel tile's constants, padded to whole vectors; floats, halves: `start` is the bias. */
struct constants {
    _Alignas(LINE_BYTES) int32_t start[MOST_VECTORS * OCT_LANES];
    _Alignas(LINE_BYTES) float scale[MOST_VECTORS * OCT_LANES];
    _Alignas(LINE_BYTES) float bias[MOST_VECTORS * OCT_LANES];
};

static inline void take_constants(const struct oct_conv_job *job, int channel, int count,
                                  struct constants *c)
{
    memset(c->start, 0, sizeof c->start);
    for (int n = 0; n < count && OCT_HALVES; n++)
        ((uint16_t *)(void *)c->start)[n] = oct_f16_of(job->bias[channel + n]);
    if (!OCT_CODES && !OCT_HALVES)
        memcpy(c->start, job->bias + channel, (size_t)count * sizeof(float));
    if (!OCT_CODES)
        return;
    memset(c->scale, 0, sizeof c->scale);
    memset(c->bias, 0, sizeof c->bias);
    memcpy(c->start, job->start + channel, (size_t)count * sizeof(int32_t));
    memcpy(c->scale, job->scale + channel, (size_t)count * sizeof(float));
    memcpy(c->bias, job->bias + channel, (size_t)count * sizeof(float));
}

#endif
