/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The innermost loops of AMX' convolutions. A block is two tiles of pixels times two of channels,
 * or four times one: 64 vectors of sums. Two units work at a time: while the tile unit grows a
 * block's sums, the vector units finish (finish.h) those of the block before, a share beside each
 * step. What nearly all blocks are finished by is compiled into their loops.
 */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_AMX_BLOCKS_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_AMX_BLOCKS_H

#include "runtime/backend/cpu/kernels/vector/finish.h"
#include "runtime/backend/cpu/kernels/x86/amx_depth.h"

/* What nearly all blocks are finished by. */
enum {
    FINISH_MOST = FINISH_SILU | FINISH_OWN | (OCT_CODES ? FINISH_BOUNDED : 0),
    FINISH_MOST_RESIDUAL = FINISH_MOST | FINISH_OWN_RESIDUAL
};

enum { BLOCK_VECTORS = 64, MOST_PARTS = 64 };

/* Sums of neighbouring pixels of one output row. */
struct part {
    const int32_t *sums;
    uint8_t *output;
    const uint8_t *residual;
    int pixels;
};

/* The block before, of one channel tile. Parts are whole quads (four vectors) of pixels; what is
 * left of a row at its end are the ends, finished last, so that no loop has a function call in it
 * that keeps constants out of registers. */
struct pending {
    struct finish finish; /* but for `sums` */
    finish_function *function;
    int count, next; /* of `parts` */
    int quads;       /* of all parts */
    int end_count;
    struct part parts[MOST_PARTS], ends[MOST_PARTS];
};

/* What the blocks of a channel tile share. Distances in bytes. */
struct run {
    struct depth depth;
    int steps;              /* in all */
    size_t row, column;     /* from tap to tap */
    size_t pixel;           /* from output pixel to output pixel */
    size_t tile, sums_tile; /* from a tile of pixels to the next; they may overlap */
    size_t ahead;           /* from a block's input to the next one's */
    int ahead_lines;        /* of that, to prefetch beside each step */
    const uint8_t *weights;
    int32_t *sums;
};

typedef void block_function(const struct run *r, const uint8_t *input, struct pending *pending);

/* Finishes `quads` of the parts, or all, by function calls. */
OCT_INLINE void finish_called(struct pending *p, int quads)
{
    const int together = 4 / p->finish.vectors; /* pixels of a quad */
    while (quads > 0 && p->next < p->count) {
        struct part *part = &p->parts[p->next];
        const int pixels = quads * together < part->pixels ? quads * together : part->pixels;
        p->finish.sums = part->sums;
        p->function(&p->finish, pixels, part->output, part->residual);
        quads -= pixels / together;
        part->sums += pixels * p->finish.vectors * OCT_LANES;
        part->output += (size_t)pixels * p->finish.output_pixel;
        if (part->residual)
            part->residual += (size_t)pixels * p->finish.residual_pixel;
        part->pixels -= pixels;
        p->next += part->pixels == 0;
    }
}

static void finish_ends(struct pending *p)
{
    for (int i = 0; i < p->end_count; i++) {
        const struct part *part = &p->ends[i];
        p->finish.sums = part->sums;
        p->function(&p->finish, part->pixels, part->output, part->residual);
    }
    p->end_count = 0;
}

/* A copy of what finishing takes, for registers. */
struct inlined {
    struct finish finish;
    struct part part;
    struct channel_constants constants;
};

OCT_INLINE void next_part(struct inlined *in, struct pending *p)
{
    static const struct part none;
    in->part = p->next < p->count ? p->parts[p->next++] : none;
}

OCT_INLINE void begin_inlined(struct inlined *in, struct pending *p, int vectors)
{
    in->finish = p->finish;
    in->finish.vectors = vectors;
    in->finish.tail = OCT_LANES;
    load_constants(&p->finish, 0, vectors, &in->constants);
    next_part(in, p);
}

/* Finishes `quads` of the parts, or all; `vectors` and `flags` are constants. */
OCT_INLINE void finish_inlined(struct inlined *in, struct pending *p, int quads, int vectors,
                               int flags)
{
    const int together = 4 / vectors;
    struct part *part = &in->part;
    for (; quads > 0 && part->pixels > 0; quads--) {
        in->finish.sums = part->sums;
        finish_quad(&in->finish, 0, together, 0, vectors, &in->constants, flags, part->output,
                    part->residual);
        part->sums += 4 * OCT_LANES;
        part->output += (size_t)together * in->finish.output_pixel;
        if (flags & (FINISH_RESIDUAL_U8 | FINISH_RESIDUAL_BF16))
            part->residual += (size_t)together * in->finish.residual_pixel;
        part->pixels -= together;
        if (part->pixels == 0)
            next_part(in, p);
    }
}

/* A block of TILES tiles of pixels times VECTORS of channels. FIRST clears the tiles of sums, STEP
 * multiplies one step, STORE stores them, once the block before is finished. FINISH takes a number
 * of quads of that. */
#define DEFINE_BLOCK(NAME, VECTORS, FIRST, STEP, STORE, PREPARE, FINISH)                           \
    static void NAME(const struct run *r, const uint8_t *input, struct pending *pending)           \
    {                                                                                              \
        const size_t pixel = r->pixel, tile = r->tile;                                             \
        const size_t step_bytes = (size_t)r->depth.step_bytes, tile_bytes = 16 * step_bytes;       \
        const uint8_t *weights = r->weights;                                                       \
        const uint8_t *ahead = input + r->ahead;                                                   \
        const int share = (pending->quads + r->steps - 1) / r->steps;                              \
        (void)tile;                                                                                \
        PREPARE                                                                                    \
        FIRST                                                                                      \
        for (int row = 0; row < r->depth.rows; row++) {                                            \
            for (int stretch = 0; stretch < r->depth.stretches; stretch++) {                       \
                const uint8_t *at = input + (size_t)row * r->row + (size_t)stretch * r->column;    \
                for (int step = r->depth.steps; step > 0; step--) {                                \
                    STEP for (int i = r->ahead_lines; i > 0; i--, ahead += LINE_BYTES)             \
                        __builtin_prefetch(ahead, 0, 3);                                           \
                    at += step_bytes;                                                              \
                    weights += (VECTORS)*tile_bytes;                                               \
                    FINISH(share)                                                                  \
                }                                                                                  \
            }                                                                                      \
        }                                                                                          \
        FINISH(BLOCK_VECTORS)                                                                      \
        if (pending->end_count)                                                                    \
            finish_ends(pending);                                                                  \
        uint8_t *sums = (uint8_t *)r->sums;                                                        \
        STORE                                                                                      \
    }

#define SUMS_AT(tile, vector) sums + (tile)*r->sums_tile + (vector)*AMX_ROW_BYTES

/* clang-format off */
#define FIRST_2X2 AMX_ZERO(0); AMX_ZERO(1); AMX_ZERO(2); AMX_ZERO(3);
#define STEP_2X2                                                                                   \
    AMX_LOAD(6, weights, AMX_ROW_BYTES);                                                           \
    AMX_LOAD(4, at, pixel);                                                                        \
    AMX_MULTIPLY(0, 4, 6);                                                                         \
    AMX_LOAD(7, weights + tile_bytes, AMX_ROW_BYTES);                                              \
    AMX_MULTIPLY(1, 4, 7);                                                                         \
    AMX_LOAD(5, at + tile, pixel);                                                                 \
    AMX_MULTIPLY(2, 5, 6);                                                                         \
    AMX_MULTIPLY(3, 5, 7);
#define STORE_2X2                                                                                  \
    AMX_STORE(0, SUMS_AT(0, 0), 2 * AMX_ROW_BYTES); AMX_STORE(1, SUMS_AT(0, 1), 2 * AMX_ROW_BYTES);\
    AMX_STORE(2, SUMS_AT(1, 0), 2 * AMX_ROW_BYTES); AMX_STORE(3, SUMS_AT(1, 1), 2 * AMX_ROW_BYTES);

#define FIRST_1X2 AMX_ZERO(0); AMX_ZERO(1);
#define STEP_1X2                                                                                   \
    AMX_LOAD(6, weights, AMX_ROW_BYTES);                                                           \
    AMX_LOAD(4, at, pixel);                                                                        \
    AMX_MULTIPLY(0, 4, 6);                                                                         \
    AMX_LOAD(7, weights + tile_bytes, AMX_ROW_BYTES);                                              \
    AMX_MULTIPLY(1, 4, 7);
#define STORE_1X2                                                                                  \
    AMX_STORE(0, SUMS_AT(0, 0), 2 * AMX_ROW_BYTES); AMX_STORE(1, SUMS_AT(0, 1), 2 * AMX_ROW_BYTES);

#define FIRST_4X1 AMX_ZERO(0); AMX_ZERO(1); AMX_ZERO(2); AMX_ZERO(3);
#define STEP_4X1                                                                                   \
    AMX_LOAD(6, weights, AMX_ROW_BYTES);                                                           \
    AMX_LOAD(4, at, pixel);                                                                        \
    AMX_MULTIPLY(0, 4, 6);                                                                         \
    AMX_LOAD(5, at + tile, pixel);                                                                 \
    AMX_MULTIPLY(1, 5, 6);                                                                         \
    AMX_LOAD(4, at + 2 * tile, pixel);                                                             \
    AMX_MULTIPLY(2, 4, 6);                                                                         \
    AMX_LOAD(5, at + 3 * tile, pixel);                                                             \
    AMX_MULTIPLY(3, 5, 6);
#define STORE_4X1                                                                                  \
    AMX_STORE(0, SUMS_AT(0, 0), AMX_ROW_BYTES); AMX_STORE(1, SUMS_AT(1, 0), AMX_ROW_BYTES);        \
    AMX_STORE(2, SUMS_AT(2, 0), AMX_ROW_BYTES); AMX_STORE(3, SUMS_AT(3, 0), AMX_ROW_BYTES);

#define FIRST_2X1 AMX_ZERO(0); AMX_ZERO(1);
#define STEP_2X1                                                                                   \
    AMX_LOAD(6, weights, AMX_ROW_BYTES);                                                           \
    AMX_LOAD(4, at, pixel);                                                                        \
    AMX_MULTIPLY(0, 4, 6);                                                                         \
    AMX_LOAD(5, at + tile, pixel);                                                                 \
    AMX_MULTIPLY(1, 5, 6);
#define STORE_2X1                                                                                  \
    AMX_STORE(0, SUMS_AT(0, 0), AMX_ROW_BYTES); AMX_STORE(1, SUMS_AT(1, 0), AMX_ROW_BYTES);

#define FIRST_1X1 AMX_ZERO(0);
#define STEP_1X1                                                                                   \
    AMX_LOAD(6, weights, AMX_ROW_BYTES);                                                           \
    AMX_LOAD(4, at, pixel);                                                                        \
    AMX_MULTIPLY(0, 4, 6);
#define STORE_1X1 AMX_STORE(0, SUMS_AT(0, 0), AMX_ROW_BYTES);
/* clang-format on */

#define NO_PREPARE
#define CALLED(quads) finish_called(pending, quads);
#define INLINED_2                                                                                  \
    struct inlined in;                                                                             \
    begin_inlined(&in, pending, 2);
#define INLINED_1                                                                                  \
    struct inlined in;                                                                             \
    begin_inlined(&in, pending, 1);
#define SILU_2(quads) finish_inlined(&in, pending, quads, 2, FINISH_MOST);
#define SILU_1(quads) finish_inlined(&in, pending, quads, 1, FINISH_MOST);
#define RESIDUAL_2(quads) finish_inlined(&in, pending, quads, 2, FINISH_MOST_RESIDUAL);

DEFINE_BLOCK(block_2x2, 2, FIRST_2X2, STEP_2X2, STORE_2X2, NO_PREPARE, CALLED)
DEFINE_BLOCK(block_1x2, 2, FIRST_1X2, STEP_1X2, STORE_1X2, NO_PREPARE, CALLED)
DEFINE_BLOCK(block_4x1, 1, FIRST_4X1, STEP_4X1, STORE_4X1, NO_PREPARE, CALLED)
DEFINE_BLOCK(block_2x1, 1, FIRST_2X1, STEP_2X1, STORE_2X1, NO_PREPARE, CALLED)
DEFINE_BLOCK(block_1x1, 1, FIRST_1X1, STEP_1X1, STORE_1X1, NO_PREPARE, CALLED)
DEFINE_BLOCK(block_2x2_silu, 2, FIRST_2X2, STEP_2X2, STORE_2X2, INLINED_2, SILU_2)
DEFINE_BLOCK(block_2x2_residual, 2, FIRST_2X2, STEP_2X2, STORE_2X2, INLINED_2, RESIDUAL_2)
DEFINE_BLOCK(block_4x1_silu, 1, FIRST_4X1, STEP_4X1, STORE_4X1, INLINED_1, SILU_1)

/* By vectors of channels and tiles of pixels. */
static block_function *const block_functions[3][5] = {
    {NULL}, {NULL, block_1x1, block_2x1, NULL, block_4x1}, {NULL, block_1x2, block_2x2}};

/* The code for a block of `tiles` times `vectors` that finishes what is pending. */
static block_function *choose_block(const struct pending *p, int vectors, int tiles)
{
    const bool whole = p->finish.vectors == vectors && p->finish.tail == OCT_LANES;
    if (whole && vectors == 2 && tiles == 2 && p->finish.flags == FINISH_MOST)
        return block_2x2_silu;
    if (whole && vectors == 2 && tiles == 2 && p->finish.flags == FINISH_MOST_RESIDUAL)
        return block_2x2_residual;
    if (whole && vectors == 1 && tiles == 4 && p->finish.flags == FINISH_MOST)
        return block_4x1_silu;
    return block_functions[vectors][tiles];
}

#endif
