/* SPDX-License-Identifier: Apache-2.0 */
/* Resizing on NEON. Loads and stores that take colours apart (LD3, ST4) need no byte beside the
 * pixels. What is left of a row after whole vectors is the reference's. */
#include <arm_neon.h>

#include "runtime/backend/cpu/kernels/arm/arm.h"
#include "runtime/backend/cpu/kernels/ref/ref.h"

enum { BLOCK = 16 }; /* target pixels a turn of the row loops */

/* Of two columns, 8 bytes each, the left pixels, or (places of) the right ones, in 16 bits. */
static inline int16x8_t pixels_of(uint8x16_t columns, const uint8_t places[16])
{
    return vreinterpretq_s16_u8(vqtbl1q_u8(columns, vld1q_u8(places)));
}

/* Two columns: LD2 takes the weights apart. */
static inline int16x8_t blend_two(const uint8_t *source, const int32_t *offsets,
                                  const int16_t *weights)
{
    static const uint8_t left[16] = {0, 255, 1, 255, 2,  255, 255, 255,
                                     8, 255, 9, 255, 10, 255, 255, 255};
    static const uint8_t right[16] = {3,  255, 4,  255, 5,  255, 255, 255,
                                      11, 255, 12, 255, 13, 255, 255, 255};
    const uint8x16_t columns =
        vcombine_u8(vld1_u8(source + offsets[0]), vld1_u8(source + offsets[1]));
    const int16x8_t p = pixels_of(columns, left), q = pixels_of(columns, right);
    const int16x8x2_t by = vld2q_s16(weights);
    const int32x4_t low = vmlal_s16(vmull_s16(vget_low_s16(p), vget_low_s16(by.val[0])),
                                    vget_low_s16(q), vget_low_s16(by.val[1]));
    const int32x4_t high = vmlal_high_s16(vmull_high_s16(p, by.val[0]), q, by.val[1]);
    return vshrn_high_n_s32(vshrn_n_s32(low, 4), high, 4);
}

static void blend_columns(const struct oct_columns *columns, const uint8_t *source,
                          int16_t *blended)
{
    const int32_t *offsets = columns->offsets;
    const int16_t *weights = columns->weights;
    const int inner = columns->inner & ~3;
    for (int x = 0; x < inner; x += 4, offsets += 4, weights += 32) {
        const int16x8_t low = blend_two(source, offsets, weights);
        const int16x8_t high = blend_two(source, offsets + 2, weights + 16);
        vst1q_s16(blended + OCT_BLEND_LANES * x, low);
        vst1q_s16(blended + OCT_BLEND_LANES * x + 8, high);
    }
    oct_blend_columns_rest_ref(columns, inner, source, blended);
}

/* The sum of both rows' lanes times their weights over 2^16, each rounded down: SQDMULH divides by
 * 2^15. */
static inline int16x8_t blend_lanes(const int16_t *first, int16_t a, const int16_t *second,
                                    int16_t b)
{
    const int16x8_t p = vqdmulhq_n_s16(vld1q_s16(first), a);
    const int16x8_t q = vqdmulhq_n_s16(vld1q_s16(second), b);
    return vsraq_n_s16(vshrq_n_s16(p, 1), q, 1);
}

/* Four pixels, R G B 0. */
static inline uint8x16_t blend_four(const int16_t *first, int16_t a, const int16_t *second,
                                    int16_t b)
{
    const uint8x8_t low = vqrshrun_n_s16(blend_lanes(first, a, second, b), 2);
    return vqrshrun_high_n_s16(low, blend_lanes(first + 8, a, second + 8, b), 2);
}

/* Writes 16 pixels, R G B 0 in four vectors, as pixels of 3 bytes. */
static inline void store_close(uint8_t *out, const uint8x16_t four[4])
{
    static const uint8_t close[3][16] = {
        {0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 16, 17, 18, 20},
        {5, 6, 8, 9, 10, 12, 13, 14, 16, 17, 18, 20, 21, 22, 24, 25},
        {10, 12, 13, 14, 16, 17, 18, 20, 21, 22, 24, 25, 26, 28, 29, 30}};
    for (int i = 0; i < 3; i++)
        vst1q_u8(out + 16 * i,
                 vqtbl2q_u8(((uint8x16x2_t){{four[i], four[i + 1]}}), vld1q_u8(close[i])));
}

static inline __attribute__((always_inline)) void
blend_blocks(const struct oct_blended_rows *rows, int end, const int pixel_bytes, uint8_t *out)
{
    const int16_t a = rows->first_weight, b = rows->second_weight;
    const int16_t *first = rows->first, *second = rows->second;
    for (int x = 0; x < end; x += BLOCK, first += 4 * BLOCK, second += 4 * BLOCK) {
        uint8x16_t four[4];
        for (int i = 0; i < 4; i++)
            four[i] = blend_four(first + BLOCK * i, a, second + BLOCK * i, b);
        for (int i = 0; i < 4 && pixel_bytes == 4; i++)
            vst1q_u8(out + 16 * i, four[i]);
        if (pixel_bytes == 3)
            store_close(out, four);
        out += BLOCK * pixel_bytes;
    }
}

static void blend_rows(const struct oct_blended_rows *rows, uint8_t *out)
{
    const int end = rows->columns & -BLOCK;
    if (rows->pixel_bytes == 4)
        blend_blocks(rows, end, 4, out);
    else
        blend_blocks(rows, end, 3, out);
    oct_blend_rows_rest_ref(rows, end, out);
}

/* One colour of eight target pixels. */
static inline uint8x8_t halve(uint8x16_t first, uint8x16_t second)
{
    return vrshrn_n_u16(vpadalq_u8(vpaddlq_u8(first), second), 2);
}

static inline uint8x16_t halve_twice(uint8x16_t first, uint8x16_t second, uint8x16_t next_first,
                                     uint8x16_t next_second)
{
    return vcombine_u8(halve(first, second), halve(next_first, next_second));
}

static inline __attribute__((always_inline)) void
halve_blocks(const struct oct_halved_rows *rows, int end, const int pixel_bytes, uint8_t *out)
{
    const uint8_t *first = rows->first, *second = rows->second;
    for (int x = 0; x < end; x += BLOCK, first += 96, second += 96, out += BLOCK * pixel_bytes) {
        const uint8x16x3_t p = vld3q_u8(first), q = vld3q_u8(first + 48);
        const uint8x16x3_t r = vld3q_u8(second), s = vld3q_u8(second + 48);
        const uint8x16_t red = halve_twice(p.val[0], r.val[0], q.val[0], s.val[0]);
        const uint8x16_t green = halve_twice(p.val[1], r.val[1], q.val[1], s.val[1]);
        const uint8x16_t blue = halve_twice(p.val[2], r.val[2], q.val[2], s.val[2]);
        if (pixel_bytes == 4)
            vst4q_u8(out, ((uint8x16x4_t){{red, green, blue, vdupq_n_u8(0)}}));
        else
            vst3q_u8(out, ((uint8x16x3_t){{red, green, blue}}));
    }
}

static void halve_rows(const struct oct_halved_rows *rows, uint8_t *out)
{
    const int end = rows->columns & -BLOCK;
    if (rows->pixel_bytes == 4)
        halve_blocks(rows, end, 4, out);
    else
        halve_blocks(rows, end, 3, out);
    oct_halve_rows_rest_ref(rows, end, out);
}

static void widen_pixels(const uint8_t *rgb, uint8_t *rgb0, int pixels)
{
    int x = 0;
    for (; x + BLOCK <= pixels; x += BLOCK, rgb += 3 * BLOCK, rgb0 += 4 * BLOCK) {
        const uint8x16x3_t in = vld3q_u8(rgb);
        vst4q_u8(rgb0, ((uint8x16x4_t){{in.val[0], in.val[1], in.val[2], vdupq_n_u8(0)}}));
    }
    oct_widen_pixels_ref(rgb, rgb0, pixels - x);
}

void oct_fill_resize_neon(struct oct_kernels *kernels)
{
    kernels->resize.blend_columns = blend_columns;
    kernels->resize.blend_rows = blend_rows;
    kernels->resize.halve_rows = halve_rows;
    kernels->resize.widen_pixels = widen_pixels;
}
