/* SPDX-License-Identifier: Apache-2.0 */
/* U8 convolutions with SDOT by element: four input channels of four output channels and a pixel. */
#define OCT_CODES 1
#define OCT_GROUP 4
#define OCT_CHUNK 16
#define OCT_SIGNED 1
#define BLOCK_PIXELS 1
#define BLOCK_CHANNELS 16
#define BLOCK_GROUP 4
#define BLOCK_START(lane) (lane)
#define OCT_FINISH oct_finish_u8_neon

#define T_STEP(f, n, lane, m)                                                                      \
    "sdot " R_SUM(m, n) ".4s, " R_WEIGHT(n) ".16b, " R_INPUT(f, m) ".4b[" #lane "]\n\t"
#define T_TAP(P, f)                                                                                \
    R_BLOCK(P, T_STEP, f, 0)                                                                       \
    R_BLOCK(P, T_STEP, f, 1) R_BLOCK(P, T_STEP, f, 2) R_BLOCK(P, T_STEP, f, 3)

#define T_ROW(P) R_LOAD_MORE(2, P, first) T_TAP(P, 0) T_TAP(P, 1) T_TAP(P, 2)
#define T_ROW_FIRST(P, chunk) ((chunk) - ((P) > 2 ? BLOCK_BYTES : 0))
#define T_ROW_SECOND(P, chunk) (chunk) /* there is none */

#define T_VALUE(m, n)                                                                              \
    "scvtf " R_SUM(m, n) ".4s, " R_SUM(m, n) ".4s\n\t"                                             \
                                             "fmla v" #n ".4s, " R_SUM(m, n) ".4s, v" R_TEXT(      \
                                                 R_SCALE_##n) ".4s\n\t"
#define R_SCALE_0 4
#define R_SCALE_1 5
#define R_SCALE_2 6
#define R_SCALE_3 7
#define T_PIXEL(a, b, c, m)                                                                        \
    "ld1 {v0.4s-v3.4s}, [%[bias]]\n\t" T_VALUE(m, 0) T_VALUE(m, 1) T_VALUE(m, 2)                   \
        T_VALUE(m, 3) "st1 {v0.4s-v3.4s}, [%[out]], %[pixel]\n\t"
#define T_FINISH(P) "ld1 {v4.4s-v7.4s}, [%[scale]]\n\t" R_EACH_##P(T_PIXEL, , , )

#include "runtime/backend/cpu/kernels/arm/conv_planes.h"

DEFINE_CONV(oct_conv_u8_dotprod, "conv_u8_dotprod_5x16")

static const struct oct_conv_kernel *choose_conv_u8(const struct oct_conv_shape *shape)
{
    (void)shape;
    return &oct_conv_u8_dotprod;
}

void oct_kernels_fill_dotprod(struct oct_kernels *kernels)
{
    kernels->set = "dotprod";
    kernels->choose_conv_u8 = choose_conv_u8;
}
