/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oct_by_cubics() of requantize.h on vectors, to the bit. The 16 entries of a coefficient are 64
 * bytes, which one TBL of four registers looks up lane by lane, with the four bytes of an index
 * 4 i + {0, 1, 2, 3}. Instead of 2^23, to which the segment's number i is added so that it is
 * rounded, the magic number is one of the same last place in units of 2^-22, whose bits are
 * 0x40404040: (0x40404040 + i) * 0x04040404 is that index modulo 2^32, so one multiplication makes
 * it.
 */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_ARM_CUBICS_NEON_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_ARM_CUBICS_NEON_H

#include <arm_neon.h>

#include "network/requantize.h"

#define OCT_CUBIC_STEP 0x04040404u /* of an index, from entry to entry */
#define OCT_CUBIC_MAGIC 0x1.808080p+1f
#define OCT_CUBIC_LAST 0x1.80809ep+1f /* OCT_CUBIC_MAGIC and (OCT_SILU_SEGMENTS - 1) * 2^-22 */
#define OCT_CUBIC_UNIT 0x1p-22f
#define OCT_CUBIC_4(x) x, x, x, x

static const float oct_cubic_magic[16] = {
    OCT_CUBIC_4(OCT_CUBIC_MAGIC), OCT_CUBIC_4(OCT_CUBIC_MAGIC), OCT_CUBIC_4(OCT_CUBIC_MAGIC),
    OCT_CUBIC_4(OCT_CUBIC_MAGIC)};

/* v16 to v31: the coefficients from the constant one on. */
#define OCT_CUBIC_TABLES                                                                           \
    "ld1 {v16.16b-v19.16b}, [%[table]], #64\n\t"                                                   \
    "ld1 {v20.16b-v23.16b}, [%[table]], #64\n\t"                                                   \
    "ld1 {v24.16b-v27.16b}, [%[table]], #64\n\t"                                                   \
    "ld1 {v28.16b-v31.16b}, [%[table]]\n\t"

#define OCT_CUBIC_EACH(M) M(0, 4, 8) M(1, 5, 9) M(2, 6, 10) M(3, 7, 11)

#define OCT_CUBIC_MAGNITUDE(Y, A, G) "fabs v" #A ".4s, v" #Y ".4s\n\t"
#define OCT_CUBIC_SEGMENT(Y, A, G) "fmla v" #G ".4s, v" #A ".4s, v12.s[0]\n\t"
#define OCT_CUBIC_LIMIT(Y, A, G) "fminnm v" #G ".4s, v" #G ".4s, v13.4s\n\t"
#define OCT_CUBIC_INDEX(Y, A, G) "mul v" #G ".4s, v" #G ".4s, v12.s[1]\n\t"
#define OCT_CUBIC_LOOK(Y, A, G)                                                                    \
    "tbl v13.16b, {v28.16b-v31.16b}, v" #G ".16b\n\t"                                              \
    "tbl v14.16b, {v24.16b-v27.16b}, v" #G ".16b\n\t"                                              \
    "fmla v14.4s, v13.4s, v" #A ".4s\n\t"                                                          \
    "tbl v13.16b, {v20.16b-v23.16b}, v" #G ".16b\n\t"                                              \
    "fmla v13.4s, v14.4s, v" #A ".4s\n\t"                                                          \
    "tbl v" #G ".16b, {v16.16b-v19.16b}, v" #G ".16b\n\t"                                          \
    "fmla v" #G ".4s, v13.4s, v" #A ".4s\n\t"                                                      \
    "fmla v" #G ".4s, v" #Y ".4s, v12.s[2]\n\t"

/*
 * v8 to v11 become what v0 to v3 are made into. v12: {segments per unit in OCT_CUBIC_UNIT,
 * OCT_CUBIC_STEP, 0.5}, v16 on: the tables. Uses v4 to v7, v13 and v14. [magic] is oct_cubic_magic,
 * [last] OCT_CUBIC_LAST.
 */
#define OCT_CUBIC_BODY                                                                             \
    "ld1 {v8.4s-v11.4s}, [%[magic]]\n\t"                                                           \
    "ld1r {v13.4s}, [%[last]]\n\t" OCT_CUBIC_EACH(OCT_CUBIC_MAGNITUDE)                             \
        OCT_CUBIC_EACH(OCT_CUBIC_SEGMENT) OCT_CUBIC_EACH(OCT_CUBIC_LIMIT)                          \
            OCT_CUBIC_EACH(OCT_CUBIC_INDEX) OCT_CUBIC_EACH(OCT_CUBIC_LOOK)

#define OCT_CUBIC_CLOBBERS                                                                         \
    "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", \
        "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", \
        "v28", "v29", "v30", "v31"

/* What v12 holds: floats, and the bits of the step among them. */
struct oct_cubic_factors {
    float scale;
    uint32_t step;
    float half, inverse;
};

/* Four vectors, in place. */
static inline void v_by_cubics(const float (*table)[OCT_SILU_SEGMENTS], float scale,
                               float32x4_t v[4])
{
    const float *coefficients = table[0];
    const float last = OCT_CUBIC_LAST;
    const struct oct_cubic_factors factors = {scale * OCT_CUBIC_UNIT, OCT_CUBIC_STEP, 0.5f, 0.0f};
    float values[16];
    for (size_t i = 0; i < 4; i++)
        vst1q_f32(values + 4 * i, v[i]);
    __asm__ volatile(OCT_CUBIC_TABLES "ldr q12, [%[factors]]\n\t"
                                      "ld1 {v0.4s-v3.4s}, [%[values]]\n\t" OCT_CUBIC_BODY
                                      "st1 {v8.4s-v11.4s}, [%[values]]"
                     : [table] "+&r"(coefficients)
                     : [magic] "r"(oct_cubic_magic), [factors] "r"(&factors), [last] "r"(&last),
                       [values] "r"(values)
                     : "memory", OCT_CUBIC_CLOBBERS);
    for (size_t i = 0; i < 4; i++)
        v[i] = vld1q_f32(values + 4 * i);
}

#endif
