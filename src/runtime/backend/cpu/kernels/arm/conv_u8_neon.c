/* SPDX-License-Identifier: Apache-2.0 */
/* U8 convolutions with plain NEON: products of signed bytes, two of which a 16-bit lane holds
 * without overflow (128 * 127 * 2), are added to int32 sums by pairs; a sum's lanes are added up at
 * the end. */
#define OCT_CODES 1
#define OCT_GROUP 4
#define OCT_CHUNK 16
#define OCT_SIGNED 1
#define BLOCK_PIXELS 1
#define BLOCK_CHANNELS 4
#define BLOCK_GROUP 16
#define BLOCK_START(lane) ((lane) % 4 ? -1 : (lane) / 4)
#define OCT_FINISH oct_finish_u8_neon

#define T_STEP(f, n, lane, m)                                                                      \
    "smull v11.8h, " R_INPUT(f, m) ".8b, " R_WEIGHT(                                               \
        n) ".8b\n\t"                                                                               \
           "smlal2 v11.8h, " R_INPUT(f, m) ".16b, " R_WEIGHT(n) ".16b\n\t"                         \
                                                                "sadalp " R_SUM(                   \
                                                                    m, n) ".4s, v11.8h\n\t"
#define T_TAP(P, f) R_BLOCK(P, T_STEP, f, 0)

#define T_ROW(P) R_LOAD_MORE(2, P, first) T_TAP(P, 0) T_TAP(P, 1) T_TAP(P, 2)
#define T_ROW_FIRST(P, chunk) ((chunk) - ((P) > 2 ? BLOCK_BYTES : 0))
#define T_ROW_SECOND(P, chunk) (chunk) /* there is none */

#define T_PIXEL(a, b, c, m)                                                                        \
    "ldr q2, [%[bias]]\n\t"                                                                        \
    "addp v3.4s, " R_SUM(m, 0) ".4s, " R_SUM(m, 1) ".4s\n\t"                                       \
                                                   "addp v4.4s, " R_SUM(m, 2) ".4s, " R_SUM(       \
                                                       m, 3) ".4s\n\t"                             \
                                                             "addp v3.4s, v3.4s, v4.4s\n\t"        \
                                                             "scvtf v3.4s, v3.4s\n\t"              \
                                                             "fmla v2.4s, v3.4s, v0.4s\n\t"        \
                                                             "st1 {v2.4s}, [%[out]], %[pixel]\n\t"
#define T_FINISH(P) "ldr q0, [%[scale]]\n\t" R_EACH_##P(T_PIXEL, , , )

#include "runtime/backend/cpu/kernels/arm/conv_planes.h"

DEFINE_CONV(oct_conv_u8_neon, "conv_u8_neon_5x4")

static const struct oct_conv_kernel *choose_conv_u8(const struct oct_conv_shape *shape)
{
    const struct oct_conv_kernel *winograd =
        oct_winograd_choice(oct_winograd_u8_neon, OCT_NEON_WINOGRADS, shape, OCT_WINOGRAD_PIXELS);
    return winograd ? winograd : &oct_conv_u8_neon;
}

void oct_fill_u8_neon(struct oct_kernels *kernels)
{
    kernels->choose_conv_u8 = choose_conv_u8;
}
