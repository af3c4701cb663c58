/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The innermost loops of the convolutions. A tile is some pixels of one output row times some
 * vectors of output channels, all of its sums in registers. One step takes four bytes of every
 * pixel's input (4 codes, 2 codes widened to 16 bits, or 1 float), broadcasts them, and multiplies
 * them with one vector of weights for each vector of channels; the weights of a channel tile are
 * read from end to end for every tile of pixels.
 *
 * The including file defines
 *   OCT_GROUP          input channels in a step: 4, 2 or 1
 *   v_sum              a vector of sums, loaded by v_sum_load()
 *   V_STEP(sum, x, w)  sum += x * w; `x` broadcast by v_broadcast(), `w` loaded by v_weights()
 *   OCT_TILES(X)       X(pixels, vectors) for every tile, from 1 pixel to the most
 *   OCT_MOST_PIXELS    the most pixels, by vectors, from 0 vectors on
 * and, to share them, OCT_TILES_MADE, the name of the tiles for others, or OCT_TILES_USED, that of
 * another file's (V_STEP is not needed then).
 */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_TILES_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_TILES_H

#include <string.h>

#include "runtime/backend/cpu/kernels/x86/finish_job.h"

#if defined(__clang__)
#define OCT_UNROLL _Pragma("clang loop unroll(full)")
#else
#define OCT_UNROLL _Pragma("GCC unroll 32")
#endif

/* `TILE_VECTORS`: the most sums of a tile. */
enum { STEP_BYTES = 4, VECTOR_BYTES = 4 * OCT_LANES, TILE_VECTORS = 28 };

/* One channel tile of a job's input. Distances in bytes. */
struct tile {
    size_t row, column; /* from tap to tap */
    size_t pixel;       /* from output pixel to output pixel */
    int rows, columns;  /* of taps; a row whose taps lie end to end counts as one column */
    int steps;          /* in each */
    const uint8_t *weights;
    const int32_t *start;      /* [vectors * lanes]; aligned */
    const float *scale, *bias; /* as `start`, only when OCT_CODES */
};

/* Sums leave a tile as values: scale and bias are done while multiplications still run. */
#ifndef OCT_RAW_TILES
#define OCT_RAW_TILES 0 /* 1: int32 sums leave it as they are */
#endif
#if OCT_CODES && OCT_RAW_TILES
#define V_SCALE(t, n)
#define V_VALUE(sum) v_bits(sum)
#elif OCT_CODES
#define V_SCALE(t, n)                                                                              \
    const v_float scale = v_load((t)->scale + (n)*OCT_LANES),                                      \
                  bias = v_load((t)->bias + (n)*OCT_LANES);
#define V_VALUE(sum) v_fma(v_float_of(sum), scale, bias)
#else
#define V_SCALE(t, n)
#define V_VALUE(sum) sum
#endif

typedef void tile_function(const struct tile *t, const uint8_t *input, float *values);

/* Every third pixel has a pointer; the two after it are reached by an index, once and twice. */
#define DEFINE_TILE(PIXELS, VECTORS)                                                               \
    static void tile_##PIXELS##x##VECTORS(const struct tile *t, const uint8_t *input,              \
                                          float *values)                                           \
    {                                                                                              \
        _Static_assert((PIXELS) * (VECTORS) <= TILE_VECTORS, "more sums than room");               \
        v_sum sum[PIXELS][VECTORS];                                                                \
        const uint8_t *weights = t->weights;                                                       \
        const size_t pixel = t->pixel;                                                             \
        OCT_UNROLL for (int n = 0; n < VECTORS; n++)                                               \
        {                                                                                          \
            const v_sum start = v_sum_load(t->start + n * OCT_LANES);                              \
            OCT_UNROLL for (int m = 0; m < PIXELS; m++) sum[m][n] = start;                         \
        }                                                                                          \
        for (int row = 0; row < t->rows; row++) {                                                  \
            for (int column = 0; column < t->columns; column++) {                                  \
                const uint8_t *at[(PIXELS + 2) / 3];                                               \
                at[0] = input + (size_t)row * t->row + (size_t)column * t->column;                 \
                OCT_UNROLL for (int m = 1; m < (PIXELS + 2) / 3; m++) at[m] =                      \
                    at[m - 1] + 3 * pixel;                                                         \
                for (int step = t->steps; step > 0; step--) {                                      \
                    v_sum w[VECTORS];                                                              \
                    OCT_UNROLL for (int n = 0; n < VECTORS; n++) w[n] =                            \
                        v_weights(weights + n * VECTOR_BYTES);                                     \
                    OCT_UNROLL for (int m = 0; m < PIXELS; m++)                                    \
                    {                                                                              \
                        const v_sum x = v_broadcast(at[m / 3] + (size_t)(m % 3) * pixel);          \
                        OCT_UNROLL for (int n = 0; n < VECTORS; n++) V_STEP(sum[m][n], x, w[n]);   \
                    }                                                                              \
                    OCT_UNROLL for (int m = 0; m < (PIXELS + 2) / 3; m++) at[m] += STEP_BYTES;     \
                    weights += VECTORS * VECTOR_BYTES;                                             \
                }                                                                                  \
            }                                                                                      \
        }                                                                                          \
        OCT_UNROLL for (int n = 0; n < VECTORS; n++)                                               \
        {                                                                                          \
            V_SCALE(t, n)                                                                          \
            OCT_UNROLL for (int m = 0; m < PIXELS; m++)                                            \
                v_store(values + (m * VECTORS + n) * OCT_LANES, V_VALUE(sum[m][n]));               \
        }                                                                                          \
    }

static const unsigned char most_pixels[] = OCT_MOST_PIXELS;

enum { MOST_VECTORS = (int)sizeof most_pixels - 1 };

#if defined(OCT_TILES_USED)
#define tile_functions OCT_TILES_USED
extern tile_function *const tile_functions[MOST_VECTORS + 1][32];
#else
OCT_TILES(DEFINE_TILE)

#define TILE_ENTRY(PIXELS, VECTORS) [VECTORS][PIXELS] = tile_##PIXELS##x##VECTORS,
#if defined(OCT_TILES_MADE)
#define tile_functions OCT_TILES_MADE
extern tile_function *const tile_functions[MOST_VECTORS + 1][32];
tile_function *const
#else
static tile_function *const
#endif
    tile_functions[MOST_VECTORS + 1][32] = {OCT_TILES(TILE_ENTRY)};
#endif

/* The channel tile's constants, padded to whole vectors; floats: `start` is the bias. */
struct constants {
    _Alignas(64) int32_t start[MOST_VECTORS * OCT_LANES];
    _Alignas(64) float scale[MOST_VECTORS * OCT_LANES];
    _Alignas(64) float bias[MOST_VECTORS * OCT_LANES];
};

static inline void take_constants(const struct oct_conv_job *job, int channel, int count,
                                  struct constants *c)
{
    memset(c->start, 0, sizeof c->start);
#if OCT_CODES
    memset(c->scale, 0, sizeof c->scale);
    memset(c->bias, 0, sizeof c->bias);
    memcpy(c->start, job->start + channel, (size_t)count * sizeof(int32_t));
    memcpy(c->scale, job->scale + channel, (size_t)count * sizeof(float));
    memcpy(c->bias, job->bias + channel, (size_t)count * sizeof(float));
#else
    memcpy(c->start, job->bias + channel, (size_t)count * sizeof(float));
#endif
}

#endif
