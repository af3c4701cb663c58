/* SPDX-License-Identifier: Apache-2.0 */
/* U8 convolutions with USMMLA: eight input channels of two output channels and two pixels. */
#define OCT_CODES 1
#define OCT_GROUP 4
#define OCT_CHUNK 8
#define OCT_SIGNED 0
#define BLOCK_PIXELS 2
#define BLOCK_CHANNELS 8
#define BLOCK_GROUP 8
/* A sum is {pixel 0: channels n, n + 1; pixel 1: the same}. */
#define BLOCK_START(lane) ((lane) / 4 * 2 + (lane) % 2)
#define OCT_FINISH oct_finish_u8_neon

#define T_STEP(f, n, lane, m)                                                                      \
    "usmmla " R_SUM(m, n) ".4s, " R_INPUT(f, m) ".16b, " R_WEIGHT(n) ".16b\n\t"
#define T_TAP(P, f) R_BLOCK(P, T_STEP, f, 0)

/* The first and the last tap read pairs of pixels, the middle one those between. */
#define T_ROW(P) R_LOAD_MORE(1, P, first) T_TAP(P, 0) T_TAP(P, 1) R_LOAD(P, second) T_TAP(P, 0)
#define T_ROW_FIRST(P, chunk) (OCT_CHUNK - ((P) > 3 ? BLOCK_BYTES : 0))
#define T_ROW_SECOND(P, chunk) ((chunk)-OCT_CHUNK - ((P) > 4 ? BLOCK_BYTES : 0))

#define T_PAIR(a, b, c, m)                                                                         \
    "ld1 {v8.4s-v11.4s}, [%[bias]]\n\t"                                                            \
    "zip1 v4.2d, " R_SUM(m, 0) ".2d, " R_SUM(                                                      \
        m, 1) ".2d\n\t"                                                                            \
              "zip1 v5.2d, " R_SUM(m, 2) ".2d, " R_SUM(                                            \
                  m, 3) ".2d\n\t"                                                                  \
                        "zip2 v6.2d, " R_SUM(m, 0) ".2d, " R_SUM(                                  \
                            m, 1) ".2d\n\t"                                                        \
                                  "zip2 v7.2d, " R_SUM(m, 2) ".2d, " R_SUM(                        \
                                      m, 3) ".2d\n\t"                                              \
                                            "scvtf v4.4s, v4.4s\n\t"                               \
                                            "scvtf v5.4s, v5.4s\n\t"                               \
                                            "scvtf v6.4s, v6.4s\n\t"                               \
                                            "scvtf v7.4s, v7.4s\n\t"                               \
                                            "fmla v8.4s, v4.4s, v0.4s\n\t"                         \
                                            "fmla v9.4s, v5.4s, v1.4s\n\t"                         \
                                            "fmla v10.4s, v6.4s, v0.4s\n\t"                        \
                                            "fmla v11.4s, v7.4s, v1.4s\n\t"                        \
                                            "st1 {v8.4s-v9.4s}, [%[out]], %[pixel]\n\t"            \
                                            "st1 {v10.4s-v11.4s}, [%[out]], %[pixel]\n\t"
#define T_FINISH(P) "ld1 {v0.4s-v1.4s}, [%[scale]]\n\t" R_EACH_##P(T_PAIR, , , )

#include "runtime/backend/cpu/kernels/arm/conv_planes.h"

DEFINE_CONV(oct_conv_u8_i8mm, "conv_u8_i8mm_10x8")

static const struct oct_conv_kernel *choose_conv_u8(const struct oct_conv_shape *shape)
{
    (void)shape;
    return &oct_conv_u8_i8mm;
}

void oct_kernels_fill_i8mm(struct oct_kernels *kernels)
{
    kernels->set = "i8mm";
    kernels->choose_conv_u8 = choose_conv_u8;
}
