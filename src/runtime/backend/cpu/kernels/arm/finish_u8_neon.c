/* SPDX-License-Identifier: Apache-2.0 */
/* The finish of U8 convolutions on NEON. What most layers end in, SiLU and codes of sixteen
 * channels, is a loop of its own that keeps SiLU's table in registers. */
#define OCT_CODES 1
#define OCT_GROUP 4
#include "runtime/backend/cpu/kernels/arm/arm.h"
#include "runtime/backend/cpu/kernels/arm/vector_neon.h"

#include "runtime/backend/cpu/kernels/vector/finish.h"

/* v8 to v11 as codes in v8; v12 has the inverse scale, v15 the zero point. */
#define CODES_SCALED                                                                               \
    "fmul v8.4s, v8.4s, v12.s[3]\n\t"                                                              \
    "fmul v9.4s, v9.4s, v12.s[3]\n\t"                                                              \
    "fmul v10.4s, v10.4s, v12.s[3]\n\t"                                                            \
    "fmul v11.4s, v11.4s, v12.s[3]\n\t"
/* Of a NaN and the highest code the latter; what is only too large saturates. */
#define CODES_LIMITED                                                                              \
    "ld1r {v14.4s}, [%[highest]]\n\t"                                                              \
    "fminnm v8.4s, v8.4s, v14.4s\n\t"                                                              \
    "fminnm v9.4s, v9.4s, v14.4s\n\t"                                                              \
    "fminnm v10.4s, v10.4s, v14.4s\n\t"                                                            \
    "fminnm v11.4s, v11.4s, v14.4s\n\t"
#define CODES_PACKED                                                                               \
    "fcvtns v8.4s, v8.4s\n\t"                                                                      \
    "fcvtns v9.4s, v9.4s\n\t"                                                                      \
    "fcvtns v10.4s, v10.4s\n\t"                                                                    \
    "fcvtns v11.4s, v11.4s\n\t"                                                                    \
    "sqxtn v8.4h, v8.4s\n\t"                                                                       \
    "sqxtn v10.4h, v10.4s\n\t"                                                                     \
    "sqxtn2 v8.8h, v9.4s\n\t"                                                                      \
    "sqxtn2 v10.8h, v11.4s\n\t"                                                                    \
    "sqadd v8.8h, v8.8h, v15.8h\n\t"                                                               \
    "sqadd v10.8h, v10.8h, v15.8h\n\t"                                                             \
    "sqxtun v8.8b, v8.8h\n\t"                                                                      \
    "sqxtun2 v8.16b, v10.8h\n\t"                                                                   \
    "st1 {v8.16b}, [%[output]], %[pixel]\n\t"

/* Codes of sixteen channels at [residual], less the zero point in v13, added to v8 to v11. */
#define CODES_ADDED                                                                                \
    "ld1 {v0.16b}, [%[residual]], %[residual_pixel]\n\t"                                           \
    "ld1r {v13.16b}, [%[residual_zero]]\n\t"                                                       \
    "ld1r {v14.4s}, [%[residual_scale]]\n\t"                                                       \
    "usubl v1.8h, v0.8b, v13.8b\n\t"                                                               \
    "usubl2 v2.8h, v0.16b, v13.16b\n\t"                                                            \
    "sxtl v4.4s, v1.4h\n\t"                                                                        \
    "sxtl2 v5.4s, v1.8h\n\t"                                                                       \
    "sxtl v6.4s, v2.4h\n\t"                                                                        \
    "sxtl2 v7.4s, v2.8h\n\t"                                                                       \
    "scvtf v4.4s, v4.4s\n\t"                                                                       \
    "scvtf v5.4s, v5.4s\n\t"                                                                       \
    "scvtf v6.4s, v6.4s\n\t"                                                                       \
    "scvtf v7.4s, v7.4s\n\t"                                                                       \
    "fmla v8.4s, v4.4s, v14.4s\n\t"                                                                \
    "fmla v9.4s, v5.4s, v14.4s\n\t"                                                                \
    "fmla v10.4s, v6.4s, v14.4s\n\t"                                                               \
    "fmla v11.4s, v7.4s, v14.4s\n\t"

#define SILU_PIXEL(ADD, LIMIT)                                                                     \
    "ld1 {v0.4s-v3.4s}, [%[from]], #64\n\t" OCT_CUBIC_BODY ADD CODES_SCALED LIMIT CODES_PACKED

/* Pixels of sixteen channels, in pairs, and one that is left: SiLU, what ADD adds, then codes. */
#define DEFINE_SILU_CODES(name, otherwise, ADD, LIMIT)                                             \
    static void name(const struct finish *f, int pixels, uint8_t *output, const uint8_t *residual) \
    {                                                                                              \
        const float *from = (const float *)f->sums, *table = oct_silu_table[0];                    \
        const float last = OCT_CUBIC_LAST;                                                         \
        const int16_t zero_point = (int16_t)f->zero_point;                                         \
        const uint8_t residual_zero = (uint8_t)f->residual_zero_point;                             \
        const struct oct_cubic_factors factors = {OCT_SILU_SCALE * OCT_CUBIC_UNIT, OCT_CUBIC_STEP, \
                                                  0.5f, f->inverse_scale};                         \
        int pairs;                                                                                 \
        if (f->vectors != 4) {                                                                     \
            otherwise(f, pixels, output, residual);                                                \
            return;                                                                                \
        }                                                                                          \
        __asm__ volatile(                                                                          \
            OCT_CUBIC_TABLES                                                                       \
            "ldr q12, [%[factors]]\n\t"                                                            \
            "ld1r {v15.8h}, [%[zero]]\n\t"                                                         \
            "lsr %w[pairs], %w[count], #1\n\t"                                                     \
            "cbz %w[pairs], 2f\n\t"                                                                \
            "1: subs %w[pairs], %w[pairs], #1\n\t" SILU_PIXEL(ADD, LIMIT)                          \
                SILU_PIXEL(ADD, LIMIT) "b.ne 1b\n\t"                                               \
                                       "2: tbz %w[count], #0, 3f\n\t" SILU_PIXEL(ADD, LIMIT) "3:"  \
            : [table] "+&r"(table), [from] "+&r"(from), [output] "+&r"(output),                    \
              [residual] "+&r"(residual), [pairs] "=&r"(pairs)                                     \
            : [count] "r"(pixels), [magic] "r"(oct_cubic_magic), [factors] "r"(&factors),          \
              [last] "r"(&last), [zero] "r"(&zero_point), [highest] "r"(&f->highest),              \
              [pixel] "r"(f->output_pixel), [residual_pixel] "r"(f->residual_pixel),               \
              [residual_zero] "r"(&residual_zero), [residual_scale] "r"(&f->residual_scale)        \
            : "cc", "memory", OCT_CUBIC_CLOBBERS);                                                 \
    }

DEFINE_SILU_CODES(silu_codes, finish_silu, , CODES_LIMITED)
DEFINE_SILU_CODES(silu_codes_bounded, finish_silu_bounded, , )
DEFINE_SILU_CODES(silu_residual, finish_silu_residual, CODES_ADDED, CODES_LIMITED)
DEFINE_SILU_CODES(silu_residual_bounded, finish_silu_residual_bounded, CODES_ADDED, )

finish_function *oct_finish_u8_neon(int flags)
{
    if (flags == FINISH_SILU)
        return silu_codes;
    if (flags == (FINISH_SILU | FINISH_BOUNDED))
        return silu_codes_bounded;
    if (flags == (FINISH_SILU | FINISH_RESIDUAL_U8))
        return silu_residual;
    if (flags == (FINISH_SILU | FINISH_RESIDUAL_U8 | FINISH_BOUNDED))
        return silu_residual_bounded;
    return choose_finish(flags);
}
