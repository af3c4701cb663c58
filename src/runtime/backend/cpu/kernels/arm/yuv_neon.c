/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames' rows as RGB on NEON, 16 pixels at a time: sums of 32 bits, of the pixels 0, 2, 4, 6 and
 * 1, 3, 5, 7 of each half, so that the chroma of four pairs of pixels is worked out once and lies
 * in the same lanes as its pixels. What is left of a row is the reference's, and so is BGR, of
 * which compilers make LD3 and ST3 by themselves.
 */
#include <arm_neon.h>

#include "runtime/backend/cpu/kernels/arm/arm.h"
#include "runtime/backend/cpu/kernels/ref/ref.h"

enum { BLOCK = 16, QUADS = BLOCK / 4 };

/* How a row's samples lie: by chroma_step. */
enum samples { PLANES = 1, PAIRS = 2, PACKED = 4 };

/* Luma of 16 pixels, packed samples' first of each pair before the second ones; chroma of their
 * pairs. */
struct samples_of_block {
    uint8x16_t y;
    uint8x8_t u, v;
};

static inline __attribute__((always_inline)) struct samples_of_block
load(const struct oct_yuv_row *row, int x, const enum samples samples)
{
    if (samples == PACKED) {
        const uint8x8x4_t all = vld4_u8(row->y + 2 * x);
        return (struct samples_of_block){vcombine_u8(all.val[0], all.val[2]), all.val[1],
                                         all.val[3]};
    }
    struct samples_of_block block = {.y = vld1q_u8(row->y + x)};
    if (samples == PAIRS) {
        const uint8x8x2_t both = vld2_u8(row->u + x);
        block.u = both.val[0];
        block.v = both.val[1];
    } else {
        block.u = vld1_u8(row->u + x / 2);
        block.v = vld1_u8(row->v + x / 2);
    }
    return block;
}

/* Factors in 32 bits, and which bytes of luma become the 32 bits of a quad. */
struct factors {
    int32x4_t luma, red_v, green_u, green_v, blue_u;
    uint8x16_t black, quads[QUADS];
};

#define WIDE(a, b, c, d) a, 255, 255, 255, b, 255, 255, 255, c, 255, 255, 255, d, 255, 255, 255

static struct factors factors_of(const struct oct_yuv_factors *f, const enum samples samples)
{
    static const uint8_t mixed[QUADS][16] = {
        {WIDE(0, 2, 4, 6)}, {WIDE(1, 3, 5, 7)}, {WIDE(8, 10, 12, 14)}, {WIDE(9, 11, 13, 15)}};
    static const uint8_t apart[QUADS][16] = {
        {WIDE(0, 1, 2, 3)}, {WIDE(8, 9, 10, 11)}, {WIDE(4, 5, 6, 7)}, {WIDE(12, 13, 14, 15)}};
    struct factors by = {vdupq_n_s32(f->luma),
                         vdupq_n_s32(f->red_v),
                         vdupq_n_s32(f->green_u),
                         vdupq_n_s32(f->green_v),
                         vdupq_n_s32(f->blue_u),
                         vdupq_n_u8((uint8_t)f->black),
                         {{0}}};
    for (int i = 0; i < QUADS; i++)
        by.quads[i] = vld1q_u8(samples == PACKED ? apart[i] : mixed[i]);
    return by;
}

/* One colour: OCT_YUV_SHIFT is 16 and 4; only the last bits that are shifted out round. */
static inline uint8x16_t colour_of(const int32x4_t luma[QUADS], const int32x4_t chroma[2],
                                   uint8x16_t order)
{
    uint16x8_t halves[2];
    for (int i = 0; i < 2; i++) {
        const int32x4_t even = vaddq_s32(luma[2 * i], chroma[i]);
        const int32x4_t odd = vaddq_s32(luma[2 * i + 1], chroma[i]);
        halves[i] = vqshrun_high_n_s32(vqshrun_n_s32(even, 16), odd, 16);
    }
    const uint8x8_t low = vqrshrn_n_u16(halves[0], OCT_YUV_SHIFT - 16);
    return vqtbl1q_u8(vqrshrn_high_n_u16(low, halves[1], OCT_YUV_SHIFT - 16), order);
}

/* Codes less 128 in 32 bits. */
static inline void widen(uint8x8_t codes, int32x4_t wide[2])
{
    const int16x8_t words = vreinterpretq_s16_u16(vsubl_u8(codes, vdup_n_u8(128)));
    wide[0] = vmovl_s16(vget_low_s16(words));
    wide[1] = vmovl_high_s16(words);
}

static inline __attribute__((always_inline)) void
convert_block(const struct samples_of_block *block, const struct factors *by, uint8_t *rgb)
{
    static const uint8_t in_order[16] = {0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15};
    const uint8x16_t order = vld1q_u8(in_order);
    const uint8x16_t y = vqsubq_u8(block->y, by->black);
    int32x4_t luma[QUADS], u[2], v[2], red[2], green[2], blue[2];
    for (int quad = 0; quad < QUADS; quad++)
        luma[quad] = vmulq_s32(vreinterpretq_s32_u8(vqtbl1q_u8(y, by->quads[quad])), by->luma);
    widen(block->u, u);
    widen(block->v, v);
    for (int i = 0; i < 2; i++) {
        red[i] = vmulq_s32(v[i], by->red_v);
        green[i] = vmlaq_s32(vmulq_s32(u[i], by->green_u), v[i], by->green_v);
        blue[i] = vmulq_s32(u[i], by->blue_u);
    }
    vst3q_u8(rgb, ((uint8x16x3_t){{colour_of(luma, red, order), colour_of(luma, green, order),
                                   colour_of(luma, blue, order)}}));
}

static inline __attribute__((always_inline)) void convert(const struct oct_yuv_row *row,
                                                          const struct oct_yuv_factors *factors,
                                                          uint8_t *rgb, int end,
                                                          const enum samples samples)
{
    const struct factors by = factors_of(factors, samples);
    const struct oct_yuv_row from = *row; /* which stores of bytes cannot change */
    for (int x = 0; x < end; x += BLOCK, rgb += 3 * BLOCK) {
        const struct samples_of_block block = load(&from, x, samples);
        convert_block(&block, &by, rgb);
    }
}

static void yuv_pixels(const struct oct_yuv_row *row, const struct oct_yuv_factors *factors,
                       uint8_t *rgb, int pixels)
{
    const int end = pixels & -BLOCK;
    if (row->chroma_step == PLANES)
        convert(row, factors, rgb, end, PLANES);
    else if (row->chroma_step == PAIRS)
        convert(row, factors, rgb, end, PAIRS);
    else
        convert(row, factors, rgb, end, PACKED);
    oct_yuv_pixels_rest_ref(row, factors, end, rgb, pixels);
}

void oct_fill_yuv_neon(struct oct_kernels *kernels)
{
    kernels->resize.yuv_pixels = yuv_pixels;
}
