/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YUV as RGB: the one definition, in integers, for C and CUDA C alike.
 *
 *   y' = max(0, y - black), u' = u - 128, v' = v - 128
 *   R = (luma y' + red_v v'                + 2^19) >> 20
 *   G = (luma y' + green_u u' + green_v v' + 2^19) >> 20        each limited to 0 to 255
 *   B = (luma y' + blue_u u'               + 2^19) >> 20
 *
 * Factors are weights times 2^20; docs/numerics.md derives them. No sum leaves 32 bits, and a
 * factor is 128 times a number of 16 bits and a rest below 128, so that y' and u', shifted by 7,
 * can be multiplied in lanes of 16 bits.
 */
#ifndef OCTET_RUNTIME_IMAGE_YUV_H
#define OCTET_RUNTIME_IMAGE_YUV_H

#include <stdint.h>

#ifdef __CUDACC__
#define OCT_YUV_FUNCTION static __device__ __forceinline__
#else
#define OCT_YUV_FUNCTION static inline
#endif

#define OCT_YUV_SHIFT 20

struct oct_yuv_factors {
    int32_t black, luma, red_v, green_u, green_v, blue_u;
};

/* A row of pixels: of pixel x, Y is y[x * y_step], chroma u[x / 2 * chroma_step] and likewise v. */
struct oct_yuv_row {
    const uint8_t *y, *u, *v;
    int y_step, chroma_step;
};

OCT_YUV_FUNCTION int oct_yuv_code(int32_t sum)
{
    const int32_t code = (sum + (1 << (OCT_YUV_SHIFT - 1))) >> OCT_YUV_SHIFT;
    return code < 0 ? 0 : code > 255 ? 255 : code;
}

OCT_YUV_FUNCTION void oct_yuv_to_rgb(const struct oct_yuv_factors *factors, int y, int u, int v,
                                     int rgb[3])
{
    const int32_t luma = factors->luma * (y < factors->black ? 0 : y - factors->black);
    u -= 128;
    v -= 128;
    rgb[0] = oct_yuv_code(luma + factors->red_v * v);
    rgb[1] = oct_yuv_code(luma + factors->green_u * u + factors->green_v * v);
    rgb[2] = oct_yuv_code(luma + factors->blue_u * u);
}

#endif
