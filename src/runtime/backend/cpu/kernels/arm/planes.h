/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the ARM kernels read: a strip of input rows, copied into planes of OCT_CHUNK channels, in
 * which neighbouring output pixels' inputs lie end to end, whatever the stride:
 *
 *   [input row][chunk of channels][column modulo stride][column / stride][OCT_CHUNK]
 *
 * One load of several registers so brings inputs of as many pixels, and those of the next tap are
 * mostly the same. With OCT_SIGNED codes become codes - 128, for products of signed bytes. Where a
 * kernel row takes no more than SHORT_ROW bytes of an input whose pixels lie end to end (the first
 * layer), all of it counts as the channels of one tap, and there is one column for each output
 * pixel.
 */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_ARM_PLANES_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_ARM_PLANES_H

#include <arm_neon.h>

#include "runtime/backend/cpu/kernels/kernels.h"

#if !defined(OCT_CHUNK) || !defined(OCT_SIGNED)
#error "OCT_CHUNK, 16 or 8, and OCT_SIGNED must say what planes are like"
#endif

enum {
    SHORT_ROW = 16,
    /* Of planes that are worked on at a time: with a tile's weights they should fit the smallest
     * second-level caches, of a quarter of a megabyte. */
    STRIP_BYTES = 96 * 1024,
    AHEAD = 2, /* columns behind a plane's last that may be read, never used */
    CHUNKS_AT_ONCE = 16 / OCT_CHUNK,
    CODE_SHIFT = OCT_SIGNED ? 128 : 0
};

/* How a shape's input becomes planes. Distances in bytes. */
struct planes {
    int taps;     /* of a kernel row */
    int channels; /* of a tap */
    int chunks;
    int step;   /* taps from one input of a plane to the next */
    int phases; /* planes of a chunk */
    size_t plane, chunk, row;
};

static struct planes planes_of(const struct oct_conv_shape *shape)
{
    const int whole = shape->kernel * shape->input_channels;
    const bool joined = whole <= SHORT_ROW && shape->input_pixel == shape->input_channels;
    struct planes p = {.taps = joined ? 1 : shape->kernel,
                       .channels = joined ? whole : shape->input_channels,
                       .step = joined ? 1 : shape->stride};
    p.chunks = (p.channels + OCT_CHUNK - 1) / OCT_CHUNK;
    p.phases = p.step < p.taps ? p.step : p.taps;
    p.plane = (size_t)(shape->output_width + (p.taps - 1) / p.step + AHEAD) * OCT_CHUNK;
    p.chunk = (size_t)p.phases * p.plane;
    const int stored = (p.chunks + CHUNKS_AT_ONCE - 1) / CHUNKS_AT_ONCE * CHUNKS_AT_ONCE;
    p.row = (size_t)stored * p.chunk;
    return p;
}

/* Output rows whose planes take about STRIP_BYTES. */
static int strip_rows(const struct oct_conv_shape *shape, const struct planes *p)
{
    const int rows = (int)(STRIP_BYTES / p->row) - (shape->kernel - shape->stride);
    const int strip = rows / shape->stride;
    return strip < 1 ? 1 : strip > shape->output_height ? shape->output_height : strip;
}

static size_t planes_bytes(const struct oct_conv_shape *shape)
{
    const struct planes p = planes_of(shape);
    return (size_t)((strip_rows(shape, &p) - 1) * shape->stride + shape->kernel) * p.row +
           SHORT_ROW;
}

/* Registers v0 to v3 as columns of planes. */
#if OCT_CHUNK == 16
#define PLANES_STORED                                                                              \
    "eor v0.16b, v0.16b, %[shift].16b\n\t"                                                         \
    "eor v1.16b, v1.16b, %[shift].16b\n\t"                                                         \
    "eor v2.16b, v2.16b, %[shift].16b\n\t"                                                         \
    "eor v3.16b, v3.16b, %[shift].16b\n\t"                                                         \
    "st1 {v0.16b-v3.16b}, [%[out]], #64\n\t"
#else
#define PLANES_STORED                                                                              \
    "zip1 v4.2d, v0.2d, v1.2d\n\t"                                                                 \
    "zip1 v5.2d, v2.2d, v3.2d\n\t"                                                                 \
    "zip2 v6.2d, v0.2d, v1.2d\n\t"                                                                 \
    "zip2 v7.2d, v2.2d, v3.2d\n\t"                                                                 \
    "st1 {v4.16b-v5.16b}, [%[out]], #32\n\t"                                                       \
    "st1 {v6.16b-v7.16b}, [%[then]], #32\n\t"
#endif

/* Of four columns from %[at] on, %[distance] apart. */
#define PLANES_COPIED                                                                              \
    "ld1 {v0.16b}, [%[at]], %[distance]\n\t"                                                       \
    "ld1 {v1.16b}, [%[at]], %[distance]\n\t"                                                       \
    "ld1 {v2.16b}, [%[at]], %[distance]\n\t"                                                       \
    "ld1 {v3.16b}, [%[at]], %[distance]\n\t" PLANES_STORED

/* A register of channels each from `count` columns, `distance` apart in the input: to one plane of
 * 16 channels, or two of 8, the second `second` bytes after the first. What is left after fours of
 * columns is done with those before it once more, where there are any. */
static inline void copy_columns(const uint8_t *input, size_t distance, int count, uint8_t *out,
                                size_t second)
{
    const int left = count % 4;
    int fours = count / 4;
    uint8_t *then = out + second;
    const uint8_t *at = input;
    if (fours > 0) {
        __asm__ volatile(
            "tbz %w[fours], #0, 1f\n\t" PLANES_COPIED "sub %w[fours], %w[fours], #1\n\t"
            "cbz %w[fours], 2f\n\t"
            "1: subs %w[fours], %w[fours], #2\n\t" PLANES_COPIED PLANES_COPIED "b.ne 1b\n\t"
            "2: cbz %w[left], 3f\n\t"
            "madd %[at], %[last], %[distance], %[input]\n\t"
            "sub %[out], %[out], %[back]\n\t"
            "sub %[then], %[then], %[back]\n\t" PLANES_COPIED "3:"
            : [at] "+&r"(at), [out] "+&r"(out), [then] "+&r"(then), [fours] "+&r"(fours)
            : [distance] "r"(distance), [shift] "w"(vdupq_n_u8(CODE_SHIFT)), [left] "r"(left),
              [last] "r"((size_t)(count - 4)), [input] "r"(input),
              [back] "r"((size_t)((4 - left) * OCT_CHUNK))
            : "cc", "memory", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7");
        return;
    }
    for (int x = 0; x < left; x++, at += distance, out += OCT_CHUNK, then += OCT_CHUNK) {
        const uint8x16_t pixel = veorq_u8(vld1q_u8(at), vdupq_n_u8(CODE_SHIFT));
        if (OCT_CHUNK == 16) {
            vst1q_u8(out, pixel);
        } else {
            vst1_u8(out, vget_low_u8(pixel));
            vst1_u8(then, vget_high_u8(pixel));
        }
    }
}

/* The planes of one input row from its tap (0, 0) on. */
static void copy_row(const struct oct_conv_job *job, const struct planes *p, const uint8_t *input,
                     uint8_t *out)
{
    const size_t pixel = job->input.pixel, distance = pixel * (size_t)job->shape.stride;
    for (int chunk = 0; chunk < p->chunks; chunk += CHUNKS_AT_ONCE) {
        for (int phase = 0; phase < p->phases; phase++)
            copy_columns(input + (size_t)phase * pixel + (size_t)chunk * OCT_CHUNK, distance,
                         job->shape.output_width + (p->taps - 1 - phase) / p->step,
                         out + (size_t)chunk * p->chunk + (size_t)phase * p->plane, p->chunk);
    }
}

#endif
