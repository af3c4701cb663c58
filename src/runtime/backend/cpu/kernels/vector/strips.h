/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where convolutions read their input: in place, all rows at once, or (OCT_WIDEN) a strip of rows
 * at a time, whose codes are widened into the scratch first.
 */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_STRIPS_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_STRIPS_H

#include "runtime/backend/cpu/kernels/kernels.h"
#include "runtime/backend/cpu/kernels/vector/config.h"

/* Distances in bytes; `data` is tap (0, 0) of the strip's first row. */
struct strip {
    const uint8_t *data;
    size_t row, pixel;
    bool dense; /* pixels lie end to end */
};

#if OCT_WIDEN

/* Widened rows that are worked on at a time. With a tile's weights they should fit the smallest
 * second-level caches, of a quarter of a megabyte; the rows that two strips share are widened
 * twice. */
enum { STRIP_BYTES = 96 * 1024 };

/* With room behind the last pixel for a whole vector of words. */
static size_t widened_row_bytes(const struct oct_conv_shape *shape)
{
    const int width = (shape->output_width - 1) * shape->stride + shape->kernel;
    const size_t bytes = (size_t)width * (size_t)shape->input_channels * sizeof(int16_t);
    return (bytes + 2 * LINE_BYTES - 1) & ~(size_t)(LINE_BYTES - 1);
}

/* Output rows whose input rows, widened, take about STRIP_BYTES. */
static int strip_rows(const struct oct_conv_shape *shape)
{
    const size_t row = widened_row_bytes(shape);
    const int rows = (int)(STRIP_BYTES / row) - (shape->kernel - shape->stride);
    const int strip = rows / shape->stride;
    return strip < 1 ? 1 : strip > shape->output_height ? shape->output_height : strip;
}

static size_t conv_scratch_bytes(const struct oct_conv_shape *shape)
{
    const int rows = (strip_rows(shape) - 1) * shape->stride + shape->kernel;
    return (size_t)rows * widened_row_bytes(shape) + LINE_BYTES;
}

/* `count` codes to 16 bits; up to a vector less one more are read and written. */
static inline void widen(const uint8_t *codes, uint8_t *words, size_t count)
{
    for (size_t i = 0; i < count; i += 2 * OCT_LANES)
        v_store_words_any(words + 2 * i, v_words_of(codes + i));
}

static struct strip take_strip(const struct oct_conv_job *job, int begin, int end, void *scratch)
{
    const struct oct_conv_shape *shape = &job->shape;
    const int rows = (end - begin - 1) * shape->stride + shape->kernel;
    const int width = (shape->output_width - 1) * shape->stride + shape->kernel;
    const size_t channels = (size_t)shape->input_channels;
    const struct strip strip = {scratch, widened_row_bytes(shape), channels * sizeof(int16_t),
                                true};
    for (int y = 0; y < rows; y++) {
        const uint8_t *in =
            (const uint8_t *)job->input.data + (size_t)(begin * shape->stride + y) * job->input.row;
        uint8_t *out = (uint8_t *)scratch + (size_t)y * strip.row;
        if (job->input.pixel == channels)
            widen(in, out, (size_t)width * channels);
        for (int x = 0; x < width && job->input.pixel != channels; x++)
            widen(in + (size_t)x * job->input.pixel, out + (size_t)x * strip.pixel, channels);
    }
    return strip;
}

#else

static int strip_rows(const struct oct_conv_shape *shape)
{
    return shape->output_height;
}

static size_t conv_scratch_bytes(const struct oct_conv_shape *shape)
{
    (void)shape;
    return 0;
}

static struct strip take_strip(const struct oct_conv_job *job, int begin, int end, void *scratch)
{
    (void)end;
    (void)scratch;
    const size_t element = OCT_CODES ? 1 : STEP_BYTES / OCT_GROUP;
    const size_t row = job->input.row * element, pixel = job->input.pixel * element;
    const uint8_t *data = job->input.data;
    return (struct strip){data + (size_t)(begin * job->shape.stride) * row, row, pixel,
                          job->input.pixel == (size_t)job->shape.input_channels};
}

#endif

#endif
