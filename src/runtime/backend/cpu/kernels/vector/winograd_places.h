/* SPDX-License-Identifier: Apache-2.0 */
/* Squares of the picture and where their transforms lie in the scratch (winograd.h). */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_WINOGRAD_PLACES_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_WINOGRAD_PLACES_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/backend/cpu/kernels/transformed.h"
#include "runtime/backend/cpu/kernels/vector/tiles.h"

enum {
    SQUARE = OCT_WINOGRAD_SQUARE,
    POINTS = SQUARE + 2, /* of the transform, each way */
    /* worked out together, or a row of them if more; 10, 25 and 40 were 2 to 4 % slower in the
     * network (bench/notes/winograd.md) */
    BLOCK_SQUARES = 20,
    WORD_BYTES = STEP_BYTES / OCT_GROUP, /* of the transformed input */
    WORDS = VECTOR_BYTES / WORD_BYTES,   /* in a vector */
    INPUT_BYTES = OCT_CODES             ? 1
                  : OCT_BF16 || OCT_F16 ? 2
                                        : 4, /* of the input as it comes */
    REACH_BITS = 25 /* of the largest sum's magnitude that 26 bits with a sign hold */
};

/* Squares in rows of the picture, and how many rows of them make a block. */
static int squares_across(const struct oct_conv_shape *shape)
{
    return (shape->output_width + SQUARE - 1) / SQUARE;
}

static int block_rows(const struct oct_conv_shape *shape)
{
    const int rows = BLOCK_SQUARES / squares_across(shape);
    const int all = (shape->output_height + SQUARE - 1) / SQUARE;
    return rows < 1 ? 1 : rows < all ? rows : all;
}

static int block_squares(const struct oct_conv_shape *shape)
{
    return block_rows(shape) * squares_across(shape);
}

/* An odd number of cache lines, so that one point of many squares, and many points of one, lie in
 * different sets of the cache. */
static size_t odd_lines(size_t bytes)
{
    return ((bytes + LINE_BYTES - 1) / LINE_BYTES | 1) * LINE_BYTES;
}

/* Distances in bytes, and where things lie in the scratch. */
struct places {
    size_t square; /* V: from square to square of a point: its input channels */
    size_t point;  /* V: from point to point */
    size_t sums;   /* M: from point to point */
    size_t columns, transformed, products; /* offsets in the scratch */
    size_t bytes;
};

static struct places places_of(const struct oct_conv_shape *shape)
{
    struct places p;
    const size_t squares = (size_t)block_squares(shape);
    const size_t words = ((size_t)shape->input_channels + WORDS - 1) / WORDS * WORDS;
    p.square = words * WORD_BYTES;
    p.point = odd_lines(squares * p.square);
    p.sums = odd_lines(squares * MOST_VECTORS * VECTOR_BYTES);
    p.columns = 0;
    p.transformed =
        p.columns + (size_t)(SQUARE * squares_across(shape) + 2) * POINTS * VECTOR_BYTES;
    p.transformed = (p.transformed + LINE_BYTES - 1) & ~(size_t)(LINE_BYTES - 1);
    p.products = p.transformed + POINTS * POINTS * p.point;
    p.bytes = p.products + POINTS * POINTS * p.sums + LINE_BYTES;
    return p;
}

static size_t winograd_scratch_bytes(const struct oct_conv_shape *shape)
{
    return places_of(shape).bytes;
}

static bool winograd_fits(const struct oct_conv_shape *shape)
{
    return oct_can_transform(shape) && (!OCT_CODES || shape->reach < 1 << REACH_BITS);
}

/* Where a square of a row begins: the last one overlaps its neighbour. */
static int square_column(const struct oct_conv_shape *shape, int square)
{
    const int last = shape->output_width - SQUARE;
    return SQUARE * square < last ? SQUARE * square : last;
}

#endif
