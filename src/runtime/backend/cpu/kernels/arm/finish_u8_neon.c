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

/* Pixels of sixteen channels: SiLU, then codes. */
#define DEFINE_SILU_CODES(name, LIMIT)                                                             \
    static void name(const struct finish *f, int pixels, uint8_t *output)                          \
    {                                                                                              \
        const float *from = (const float *)f->sums, *table = oct_silu_table[0];                    \
        const float last = OCT_SILU_MAGIC_LAST;                                                    \
        const int16_t zero_point = (int16_t)f->zero_point;                                         \
        const struct oct_cubic_factors factors = {OCT_SILU_SCALE, OCT_CUBIC_STEP, 0.5f,            \
                                                  f->inverse_scale};                               \
        __asm__ volatile(                                                                          \
            OCT_CUBIC_TABLES "ldr q12, [%[factors]]\n\t"                                           \
                             "ld1r {v13.4s}, [%[last]]\n\t"                                        \
                             "ld1r {v15.8h}, [%[zero]]\n\t"                                        \
                             "1:\n\t" OCT_CUBIC_BODY CODES_SCALED LIMIT CODES_PACKED               \
                             "subs %w[count], %w[count], #1\n\t"                                   \
                             "b.ne 1b"                                                             \
            : [table] "+&r"(table), [from] "+&r"(from), [output] "+&r"(output),                    \
              [count] "+&r"(pixels)                                                                \
            : [magic] "r"(oct_cubic_constants.magic), [bytes] "r"(oct_cubic_constants.bytes),      \
              [factors] "r"(&factors), [last] "r"(&last), [zero] "r"(&zero_point),                 \
              [highest] "r"(&f->highest), [pixel] "r"(f->output_pixel)                             \
            : "cc", "memory", OCT_CUBIC_CLOBBERS);                                                 \
    }

DEFINE_SILU_CODES(silu_codes, CODES_LIMITED)
DEFINE_SILU_CODES(silu_codes_bounded, )

static void finish_silu_16(const struct finish *f, int pixels, uint8_t *output,
                           const uint8_t *residual)
{
    if (f->vectors == 4)
        silu_codes(f, pixels, output);
    else
        finish_silu(f, pixels, output, residual);
}

static void finish_silu_bounded_16(const struct finish *f, int pixels, uint8_t *output,
                                   const uint8_t *residual)
{
    if (f->vectors == 4)
        silu_codes_bounded(f, pixels, output);
    else
        finish_silu_bounded(f, pixels, output, residual);
}

finish_function *oct_finish_u8_neon(int flags)
{
    if (flags == FINISH_SILU)
        return finish_silu_16;
    if (flags == (FINISH_SILU | FINISH_BOUNDED))
        return finish_silu_bounded_16;
    return choose_finish(flags);
}
