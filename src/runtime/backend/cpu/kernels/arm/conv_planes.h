/* SPDX-License-Identifier: Apache-2.0 */
/*
 * U8 convolutions on ARM: tiles of up to five inputs by four registers of weights
 * (block_registers.h) over planes of the input (planes.h). A set's file defines, before it includes
 * this one,
 *
 *   OCT_CHUNK        input channels of a plane, whose products one tap of a tile adds up
 *   OCT_SIGNED       1: products are of signed bytes, planes hold codes - 128
 *   BLOCK_PIXELS     output pixels of an input register
 *   BLOCK_CHANNELS   output channels of a tile
 *   BLOCK_GROUP      input channels side by side in packed weights
 *   BLOCK_START(s)   where the four vectors that an input's sums begin with have channels: of lane
 *                    `s` of the 16 the channel, or -1
 *   T_TAP(P, f)      text: the products of a tap for P inputs from register `f` on
 *   T_FINISH(P)      text: sums of P inputs scaled, with the bias, stored at %[out], %[pixel] bytes
 *                    from pixel to pixel
 *   T_ROW(P)         text: a kernel row's taps of one chunk where kernels are 3x3 of stride 1;
 *                    loads move %[at] on by %[first] and %[second], T_ROW_FIRST(P, c) and
 *                    T_ROW_SECOND(P, c) with `c` the way to the next chunk
 *   OCT_FINISH       as in vector/config.h
 *
 * Packed weights: [channel tile of 16]{int32 of each channel, what its sum lacks for the shift of
 * codes; [BLOCK_CHANNELS of it][kernel row][chunk][tap][OCT_CHUNK / BLOCK_GROUP][channel]
 * [BLOCK_GROUP]}, with zeros for channels that do not exist.
 */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_ARM_CONV_PLANES_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_ARM_CONV_PLANES_H

#include <string.h>

#include "runtime/backend/cpu/kernels/arm/arm.h"
#include "runtime/backend/cpu/kernels/arm/block_registers.h"
#include "runtime/backend/cpu/kernels/arm/planes.h"
#include "runtime/backend/cpu/kernels/arm/vector_neon.h"
#include "runtime/backend/cpu/kernels/vector/finish_job.h"

enum {
    TILE_CHANNELS = 16,
    TILE_VECTORS = TILE_CHANNELS / OCT_LANES,
    BLOCKS = TILE_CHANNELS / BLOCK_CHANNELS,
    BLOCK_BYTES = BLOCK_WEIGHTS * REGISTER_BYTES, /* of the weights of a tap, over one load */
    TAP_BYTES = OCT_CHUNK * BLOCK_CHANNELS,
    HEAD_BYTES = TILE_CHANNELS * 4,
    TILE_PIXELS_MOST = BLOCK_INPUTS * BLOCK_PIXELS,
    ROW_PIXELS = 80 /* whose values wait for their finish: 5 kB */
};

/* ---- packing ---- */

static size_t block_bytes(const struct oct_conv_shape *shape, const struct planes *p)
{
    return (size_t)(shape->kernel * p->chunks * p->taps) * TAP_BYTES;
}

static size_t tile_bytes(const struct oct_conv_shape *shape, const struct planes *p)
{
    return HEAD_BYTES + BLOCKS * block_bytes(shape, p);
}

static size_t conv_packed_bytes(const struct oct_conv_shape *shape)
{
    const struct planes p = planes_of(shape);
    const size_t tiles = ((size_t)shape->output_channels + TILE_CHANNELS - 1) / TILE_CHANNELS;
    return tiles * tile_bytes(shape, &p);
}

/* A tap's place among those of its chunk: at stride 1 the last of three comes second where inputs
 * are pairs of pixels, whose registers it shares with the first. */
static int tap_place(const struct oct_conv_shape *shape, const struct planes *p, int tap)
{
    const bool shared = BLOCK_PIXELS == 2 && p->taps == 3 && shape->stride == 1;
    return shared && tap > 0 ? 3 - tap : tap;
}

/* All taps of input channel `input`, of which there are weights from `codes` on, for channel `n` of
 * a tile; returns their sum. */
static int32_t pack_channel(const struct oct_conv_shape *shape, const struct planes *p,
                            const int8_t *codes, int input, int n, int8_t *tile)
{
    const int kernel = shape->kernel, channel = n % BLOCK_CHANNELS;
    int8_t *block = tile + HEAD_BYTES + (size_t)(n / BLOCK_CHANNELS) * block_bytes(shape, p);
    int32_t sum = 0;
    for (int i = 0; i < kernel * kernel; i++) {
        const int row = i / kernel, column = i % kernel;
        const int tap = p->taps == 1 ? 0 : tap_place(shape, p, column);
        const int depth = p->taps == 1 ? column * shape->input_channels + input : input;
        const int chunk = depth / OCT_CHUNK, k = depth % OCT_CHUNK;
        int8_t *to = block + (size_t)((row * p->chunks + chunk) * p->taps + tap) * TAP_BYTES;
        to[(k / BLOCK_GROUP * BLOCK_CHANNELS + channel) * BLOCK_GROUP + k % BLOCK_GROUP] = codes[i];
        sum += codes[i];
    }
    return sum;
}

static void conv_pack(const struct oct_conv_shape *shape, const struct oct_conv_weights *weights,
                      void *packed)
{
    const struct planes p = planes_of(shape);
    const size_t taps = (size_t)(shape->kernel * shape->kernel), bytes = tile_bytes(shape, &p);
    int8_t *tile = packed;
    memset(packed, 0, conv_packed_bytes(shape));
    for (int first = 0; first < shape->output_channels; first += TILE_CHANNELS, tile += bytes) {
        for (int n = 0; n < TILE_CHANNELS && first + n < shape->output_channels; n++) {
            int32_t sum = 0;
            size_t from;
            for (int input = 0; input < shape->input_channels; input++)
                if (oct_conv_find(weights, first + n, input, taps, &from))
                    sum += pack_channel(shape, &p, weights->codes + from, input, n, tile);
            sum *= CODE_SHIFT;
            memcpy(tile + (size_t)n * sizeof sum, &sum, sizeof sum);
        }
    }
}

/* ---- tiles ---- */

/* A block of channels of a job. */
struct block {
    const uint8_t *weights;
    int32_t start[16];         /* of each input's four sums */
    float scale[16], bias[16]; /* as T_FINISH() reads them */
};

/* The taps of a tile, behind each other in packed weights. Distances in bytes; where a load takes
 * more than four registers it has moved the input by BLOCK_BYTES by itself, which is taken off. */
struct walk {
    ptrdiff_t row, chunk; /* nothing is taken off */
    ptrdiff_t moves[3];   /* from a tap to the next, from the last of a chunk to the next chunk */
    int rows, chunks;
    int steps; /* all taps of all chunks of all rows */
    const ptrdiff_t *step_moves;
};

typedef void row_function(const struct walk *walk, const struct block *block, const uint8_t *input,
                          int tiles, size_t pixel, float *values);

/* `tiles` tiles of P inputs each, side by side: of each for each kernel row what LOOP does for its
 * chunks. */
#define DEFINE_ROW(name, P, LOOP, first_move, second_move, third_move)                             \
    static void name(const struct walk *walk, const struct block *block, const uint8_t *input,     \
                     int tiles, size_t pixel, float *values)                                       \
    {                                                                                              \
        const uint8_t *at, *row, *weights;                                                         \
        int chunks, rows;                                                                          \
        __asm__ volatile(                                                                          \
            "0: mov %[row], %[input]\n\t"                                                          \
            "mov %[weights], %[packed]\n\t"                                                        \
            "mov %w[rows], %w[all_rows]\n\t"                                                       \
            "add %[input], %[input], %[next]\n\t" R_START_##P                                      \
            "1: mov %[at], %[row]\n\t"                                                             \
            "add %[row], %[row], %[down]\n\t" LOOP "subs %w[rows], %w[rows], #1\n\t"               \
            "b.ne 1b\n\t" T_FINISH(P) "subs %w[tiles], %w[tiles], #1\n\t"                          \
                                      "b.ne 0b"                                                    \
            : [at] "=&r"(at), [row] "=&r"(row), [weights] "=&r"(weights), [chunks] "=&r"(chunks),  \
              [rows] "=&r"(rows), [input] "+&r"(input), [tiles] "+&r"(tiles), [out] "+&r"(values)  \
            : [next] "i"((P)*REGISTER_BYTES), [packed] "r"(block->weights),                        \
              [all_rows] "r"(walk->rows), [all] "r"(walk->chunks), [down] "r"(walk->row),          \
              [first] "r"((ptrdiff_t)(first_move)), [second] "r"((ptrdiff_t)(second_move)),        \
              [third] "r"((ptrdiff_t)(third_move)), [start] "r"(block->start),                     \
              [scale] "r"(block->scale), [bias] "r"(block->bias), [pixel] "r"(pixel)               \
            : "cc", "memory", R_CLOBBERS);                                                         \
    }

/* Chunks in pairs, and one that is left. */
#define LOOP_CHUNKS(CHUNK)                                                                         \
    "lsr %w[chunks], %w[all], #1\n\t"                                                              \
    "cbz %w[chunks], 3f\n\t"                                                                       \
    "2: subs %w[chunks], %w[chunks], #1\n\t" CHUNK CHUNK "b.ne 2b\n\t"                             \
    "3: tbz %w[all], #0, 4f\n\t" CHUNK "4:\n\t"

/* 3x3 of stride 1, whose taps have inputs in common; three taps; one, chunks in fours. */
#define LOOP_DENSE(P) LOOP_CHUNKS(T_ROW(P))
#define LOOP_THREE(P)                                                                              \
    LOOP_CHUNKS(R_LOAD(P, first) T_TAP(P, 0) R_LOAD(P, second) T_TAP(P, 0) R_LOAD(P, third)        \
                    T_TAP(P, 0))
#define CHUNK_ONE(P) R_LOAD(P, first) T_TAP(P, 0)
#define LOOP_ONE(P)                                                                                \
    "lsr %w[chunks], %w[all], #2\n\t"                                                              \
    "cbz %w[chunks], 3f\n\t"                                                                       \
    "2: subs %w[chunks], %w[chunks], #1\n\t" CHUNK_ONE(P) CHUNK_ONE(P) CHUNK_ONE(P)                \
        CHUNK_ONE(P) "b.ne 2b\n\t"                                                                 \
                     "3: tbz %w[all], #1, 4f\n\t" CHUNK_ONE(P)                                     \
                         CHUNK_ONE(P) "4: tbz %w[all], #0, 5f\n\t" CHUNK_ONE(P) "5:\n\t"

#define DEFINE_ROWS(P)                                                                             \
    DEFINE_ROW(row_dense_##P, P, LOOP_DENSE(P), T_ROW_FIRST(P, walk->chunk),                       \
               T_ROW_SECOND(P, walk->chunk), 0)                                                    \
    DEFINE_ROW(row_three_##P, P, LOOP_THREE(P), walk->moves[0], walk->moves[1], walk->moves[2])    \
    DEFINE_ROW(row_one_##P, P, LOOP_ONE(P), walk->moves[0], 0, 0)                                  \
                                                                                                   \
    /* Any number of taps. */                                                                      \
    static void row_any_##P(const struct walk *walk, const struct block *block,                    \
                            const uint8_t *input, int tiles, size_t pixel, float *values)          \
    {                                                                                              \
        for (; tiles > 0; tiles--, input += (P)*REGISTER_BYTES) {                                  \
            const uint8_t *at = input, *weights = block->weights;                                  \
            const ptrdiff_t *moves = walk->step_moves;                                             \
            ptrdiff_t move;                                                                        \
            int steps = walk->steps;                                                               \
            __asm__ volatile(R_START_##P "1: ldr %[move], [%[moves]], #8\n\t"                      \
                                         "subs %w[steps], %w[steps], #1\n\t" R_LOAD(P, move)       \
                                             T_TAP(P, 0) "b.ne 1b\n\t" T_FINISH(P)                 \
                             : [at] "+&r"(at), [weights] "+&r"(weights), [moves] "+&r"(moves),     \
                               [steps] "+&r"(steps), [out] "+&r"(values), [move] "=&r"(move)       \
                             : [start] "r"(block->start), [scale] "r"(block->scale),               \
                               [bias] "r"(block->bias), [pixel] "r"(pixel)                         \
                             : "cc", "memory", R_CLOBBERS);                                        \
        }                                                                                          \
    }

DEFINE_ROWS(1)
DEFINE_ROWS(2)
DEFINE_ROWS(3)
DEFINE_ROWS(4)
DEFINE_ROWS(5)

enum ways { DENSE, THREE, ONE, ANY, WAYS };

#define ROWS(way) NULL, row_##way##_1, row_##way##_2, row_##way##_3, row_##way##_4, row_##way##_5
static row_function *const row_functions[WAYS][BLOCK_INPUTS + 1] = {
    [DENSE] = {ROWS(dense)}, [THREE] = {ROWS(three)}, [ONE] = {ROWS(one)}, [ANY] = {ROWS(any)}};

static enum ways way_of(const struct oct_conv_shape *shape, const struct planes *p)
{
    if (p->taps == 3)
        return shape->stride == 1 ? DENSE : THREE;
    return p->taps == 1 ? ONE : ANY;
}

/* ---- the whole ---- */

/* What rows of one channel tile need. */
struct rows {
    const struct oct_conv_job *job;
    const struct planes *planes;
    struct walk walk[2]; /* for narrow tiles, and for those whose inputs take two loads */
    row_function *const *functions; /* by inputs */
    size_t pixel;                   /* of values, bytes */
    int blocks;
    struct block block[BLOCKS];
    struct finish finish;
    finish_function *finish_pixels;
};

/* Where a tap of a chunk of a kernel row begins. */
static ptrdiff_t tap_at(const struct planes *p, int row, int chunk, int tap)
{
    return (ptrdiff_t)((size_t)row * p->row + (size_t)chunk * p->chunk +
                       (size_t)(tap % p->step) * p->plane + (size_t)(tap / p->step) * OCT_CHUNK);
}

static size_t moves_bytes(const struct oct_conv_shape *shape, const struct planes *p)
{
    return way_of(shape, p) == ANY
               ? (size_t)(shape->kernel * p->chunks * p->taps) * sizeof(ptrdiff_t)
               : 0;
}

/* A walk whose loads of inputs move by `already` bytes themselves. */
static struct walk walk_of(const struct oct_conv_shape *shape, const struct planes *p,
                           ptrdiff_t already, ptrdiff_t *step_moves)
{
    /* rows whose planes lie behind each other are walked as one */
    const bool whole = p->row == (size_t)p->chunks * p->chunk;
    struct walk walk = {.row = (ptrdiff_t)p->row,
                        .chunk = (ptrdiff_t)p->chunk,
                        .rows = whole ? 1 : shape->kernel,
                        .chunks = whole ? shape->kernel * p->chunks : p->chunks,
                        .steps = shape->kernel * p->chunks * p->taps,
                        .step_moves = step_moves};
    for (int tap = 0; tap < p->taps && tap < 3; tap++) {
        const int next = tap + 1;
        walk.moves[tap] =
            tap_at(p, 0, next / p->taps, next % p->taps) - tap_at(p, 0, 0, tap) - already;
    }
    ptrdiff_t at = 0;
    for (int i = 1; i <= walk.steps && moves_bytes(shape, p); i++) {
        const int chunk = i / p->taps;
        const ptrdiff_t then = tap_at(p, chunk / p->chunks, chunk % p->chunks, i % p->taps);
        step_moves[i - 1] = then - at - already;
        at = then;
    }
    return walk;
}

static size_t conv_scratch_bytes(const struct oct_conv_shape *shape)
{
    const struct planes p = planes_of(shape);
    return planes_bytes(shape) + 2 * moves_bytes(shape, &p) + REGISTER_BYTES;
}

static void take_blocks(const struct oct_conv_job *job, const uint8_t *tile, size_t bytes,
                        int channel, int count, struct rows *r)
{
    r->blocks = (count + BLOCK_CHANNELS - 1) / BLOCK_CHANNELS;
    for (int b = 0; b < r->blocks; b++) {
        struct block *block = &r->block[b];
        const uint8_t *lacking = tile + (size_t)(b * BLOCK_CHANNELS) * sizeof(int32_t);
        const int first = channel + b * BLOCK_CHANNELS;
        block->weights = tile + HEAD_BYTES + (size_t)b * bytes;
        for (int i = 0; i < 16; i++) {
            const int n = BLOCK_START(i);
            uint32_t sum = 0;
            if (n >= 0)
                memcpy(&sum, lacking + (size_t)n * sizeof sum, sizeof sum);
            block->start[i] = n < 0 ? 0 : (int32_t)((uint32_t)job->start[first + n] + sum);
            block->scale[i] = job->scale[first + i % BLOCK_CHANNELS];
            block->bias[i] = job->bias[first + i % BLOCK_CHANNELS];
        }
    }
}

/* Tiles of `inputs` inputs each; the last blocks first, because a tile's values of channels that do
 * not exist lie where the next pixel's first are. */
static void run_tiles(const struct rows *r, const uint8_t *input, int inputs, int tiles,
                      float *values)
{
    row_function *const run = r->functions[inputs];
    for (int b = r->blocks - 1; b >= 0; b--)
        run(&r->walk[inputs > 4], &r->block[b], input, tiles, r->pixel,
            values + (ptrdiff_t)b * BLOCK_CHANNELS);
}

/* One output row, whose planes begin at `input`, in tiles of equal widths. */
static void run_row(const struct rows *r, const uint8_t *input, int y, int channel)
{
    _Alignas(64) float values[(ROW_PIXELS + 1) * TILE_CHANNELS];
    const struct oct_conv_job *job = r->job;
    const int width = job->shape.output_width;
    const int inputs = (width + BLOCK_PIXELS - 1) / BLOCK_PIXELS;
    const int tiles = (inputs + BLOCK_INPUTS - 1) / BLOCK_INPUTS;
    const int narrow = inputs / tiles, wider = inputs % tiles;
    struct finish f = r->finish;
    f.sums = (const int32_t *)values;
    uint8_t *output = (uint8_t *)job->output.data +
                      view_bytes(&job->output, (size_t)y * job->output.row + (size_t)channel);
    const uint8_t *residual = job->residual.data;
    if (residual)
        residual += view_bytes(&job->residual, (size_t)y * job->residual.row + (size_t)channel);
    for (int tile = 0, x = 0; tile < tiles;) {
        const int each = narrow + (tile < wider), alike = tile < wider ? wider : tiles;
        const int most = ROW_PIXELS / (each * BLOCK_PIXELS);
        const int count = alike - tile < most ? alike - tile : most;
        const int reached = x + count * each * BLOCK_PIXELS;
        const int pixels = (reached < width ? reached : width) - x;
        run_tiles(r, input + (size_t)x * OCT_CHUNK, each, count, values);
        r->finish_pixels(&f, pixels, output + (size_t)x * f.output_pixel,
                         residual ? residual + (size_t)x * f.residual_pixel : NULL);
        tile += count;
        x += pixels;
    }
}

/* Rows [begin, end) of all channel tiles of a range. */
static void run_strip(struct rows *r, const struct oct_conv_range *range, const uint8_t *strip,
                      int begin, int end)
{
    const struct oct_conv_job *job = r->job;
    const size_t bytes = block_bytes(&job->shape, r->planes);
    const size_t down = r->planes->row * (size_t)job->shape.stride;
    const uint8_t *packed = job->packed;
    for (int n = range->channel_begin; n < range->channel_end; n += TILE_CHANNELS) {
        const int left = range->channel_end - n;
        const int count = left < TILE_CHANNELS ? left : TILE_CHANNELS;
        take_blocks(job, packed + (size_t)(n / TILE_CHANNELS) * tile_bytes(&job->shape, r->planes),
                    bytes, n, count, r);
        r->finish = finish_of(job, n, count);
        r->finish_pixels = OCT_FINISH(r->finish.flags);
        r->pixel = (size_t)r->finish.vectors * REGISTER_BYTES;
        for (int y = begin; y < end; y++)
            run_row(r, strip + (size_t)(y - begin) * down, y, n);
    }
}

static void conv_run(const struct oct_conv_job *job, const struct oct_conv_range *range,
                     void *scratch)
{
    const struct oct_conv_shape *shape = &job->shape;
    const struct planes p = planes_of(shape);
    const uintptr_t up = ((uintptr_t)scratch + REGISTER_BYTES - 1) / REGISTER_BYTES;
    ptrdiff_t *moves = (ptrdiff_t *)(up * REGISTER_BYTES);
    ptrdiff_t *more = moves + moves_bytes(shape, &p) / sizeof *moves;
    uint8_t *strip = (uint8_t *)more + moves_bytes(shape, &p);
    struct rows r = {.job = job,
                     .planes = &p,
                     .functions = row_functions[way_of(shape, &p)],
                     .walk = {walk_of(shape, &p, 0, moves), walk_of(shape, &p, BLOCK_BYTES, more)}};
    const int most = strip_rows(shape, &p);
    for (int begin = range->row_begin; begin < range->row_end; begin += most) {
        const int end = range->row_end - begin < most ? range->row_end : begin + most;
        const int rows = (end - begin - 1) * shape->stride + shape->kernel;
        for (int y = 0; y < rows; y++)
            copy_row(job, &p,
                     (const uint8_t *)job->input.data +
                         (size_t)(begin * shape->stride + y) * job->input.row,
                     strip + (size_t)y * p.row);
        run_strip(&r, range, strip, begin, end);
    }
}

#define DEFINE_CONV(symbol, NAME)                                                                  \
    const struct oct_conv_kernel symbol = {                                                        \
        .name = NAME,                                                                              \
        .tile_pixels = TILE_PIXELS_MOST,                                                           \
        .tile_channels = TILE_CHANNELS,                                                            \
        .packed_bytes = conv_packed_bytes,                                                         \
        .pack = conv_pack,                                                                         \
        .scratch_bytes = conv_scratch_bytes,                                                       \
        .run = conv_run,                                                                           \
    };

#endif
