/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oct_by_cubics() of requantize.h on vectors, to the bit. The 16 entries of a coefficient are 64
 * bytes, which one TBL of four registers looks up: lane by lane, with the four bytes of an index
 * 4 i + {0, 1, 2, 3}. The four coefficients take half of all registers, so constants that are used
 * once are added to from memory: a load of four registers is one instruction, four copies are four.
 */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_ARM_CUBICS_NEON_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_ARM_CUBICS_NEON_H

#include <arm_neon.h>

#include "network/requantize.h"

/* What v0 to v11 need to begin with, in order of use. */
struct oct_cubic_constants {
    float magic[16];    /* OCT_SILU_MAGIC */
    uint32_t bytes[16]; /* {0, 1, 2, 3}, less what the magic number's bits come to */
};

#define OCT_CUBIC_STEP 0x04040404u  /* of an index, from entry to entry */
#define OCT_CUBIC_MAGIC 0x4b000000u /* OCT_SILU_MAGIC's bits */
#define OCT_CUBIC_BYTES (0x03020100u - OCT_CUBIC_STEP * OCT_CUBIC_MAGIC)
#define OCT_CUBIC_4(x) x, x, x, x
#define OCT_CUBIC_16(x) OCT_CUBIC_4(x), OCT_CUBIC_4(x), OCT_CUBIC_4(x), OCT_CUBIC_4(x)

static const struct oct_cubic_constants oct_cubic_constants = {{OCT_CUBIC_16(OCT_SILU_MAGIC)},
                                                               {OCT_CUBIC_16(OCT_CUBIC_BYTES)}};

/* v16 to v31: the coefficients from the constant one on. */
#define OCT_CUBIC_TABLES                                                                           \
    "ld1 {v16.16b-v19.16b}, [%[table]], #64\n\t"                                                   \
    "ld1 {v20.16b-v23.16b}, [%[table]], #64\n\t"                                                   \
    "ld1 {v24.16b-v27.16b}, [%[table]], #64\n\t"                                                   \
    "ld1 {v28.16b-v31.16b}, [%[table]]\n\t"

#define OCT_CUBIC_EACH(M) M(0, 4, 8) M(1, 5, 9) M(2, 6, 10) M(3, 7, 11)

#define OCT_CUBIC_MAGNITUDE(A, T, I) "fabs v" #A ".4s, v" #A ".4s\n\t"
#define OCT_CUBIC_SEGMENT(A, T, I) "fmla v" #T ".4s, v" #A ".4s, v12.s[0]\n\t"
#define OCT_CUBIC_LIMIT(A, T, I) "fminnm v" #T ".4s, v" #T ".4s, v13.4s\n\t"
#define OCT_CUBIC_INDEX(A, T, I) "mla v" #I ".4s, v" #T ".4s, v12.s[1]\n\t"
#define OCT_CUBIC_LOOK_3(A, T, I) "tbl v" #T ".16b, {v28.16b-v31.16b}, v" #I ".16b\n\t"
#define OCT_CUBIC_LOOK_2(A, T, I)                                                                  \
    "tbl v14.16b, {v24.16b-v27.16b}, v" #I ".16b\n\t"                                              \
    "fmla v14.4s, v" #T ".4s, v" #A ".4s\n\t"                                                      \
    "tbl v" #T ".16b, {v20.16b-v23.16b}, v" #I ".16b\n\t"                                          \
    "fmla v" #T ".4s, v14.4s, v" #A ".4s\n\t"
#define OCT_CUBIC_LOOK_0(A, T, I)                                                                  \
    "tbl v" #I ".16b, {v16.16b-v19.16b}, v" #I ".16b\n\t"                                          \
    "fmla v" #I ".4s, v" #T ".4s, v" #A ".4s\n\t"
#define OCT_CUBIC_HALF(A, T, I) "fmla v" #I ".4s, v" #A ".4s, v12.s[2]\n\t"

/*
 * v8 to v11 become what v0 to v3 are made into; those are in memory at [from], which moves behind
 * them. v12: {segments per unit, OCT_CUBIC_STEP, 0.5}, v13: OCT_SILU_MAGIC_LAST, v16 on: the tables.
 * Uses v4 to v7 and v14. [magic] is an oct_cubic_constants.
 */
#define OCT_CUBIC_BODY                                                                             \
    "ld1 {v0.4s-v3.4s}, [%[from]]\n\t"                                                             \
    "ld1 {v4.4s-v7.4s}, [%[magic]]\n\t"                                                            \
    "ld1 {v8.4s-v11.4s}, [%[bytes]]\n\t" OCT_CUBIC_EACH(OCT_CUBIC_MAGNITUDE)                       \
        OCT_CUBIC_EACH(OCT_CUBIC_SEGMENT) OCT_CUBIC_EACH(OCT_CUBIC_LIMIT)                          \
            OCT_CUBIC_EACH(OCT_CUBIC_INDEX) OCT_CUBIC_EACH(OCT_CUBIC_LOOK_3)                       \
                OCT_CUBIC_EACH(OCT_CUBIC_LOOK_2)                                                   \
                    OCT_CUBIC_EACH(OCT_CUBIC_LOOK_0) "ld1 {v0.4s-v3.4s}, [%[from]], "              \
                                                     "#64\n\t" OCT_CUBIC_EACH(OCT_CUBIC_HALF)

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
    float values[16];
    const float *from = values, *coefficients = table[0], last = OCT_SILU_MAGIC_LAST;
    float *to = values;
    const struct oct_cubic_factors factors = {scale, OCT_CUBIC_STEP, 0.5f, 0.0f};
    for (int i = 0; i < 4; i++)
        vst1q_f32(values + (ptrdiff_t)4 * i, v[i]);
    __asm__ volatile(
        OCT_CUBIC_TABLES "ldr q12, [%[factors]]\n\t"
                         "ld1r {v13.4s}, [%[last]]\n\t" OCT_CUBIC_BODY "st1 {v8.4s-v11.4s}, [%[to]]"
        : [table] "+&r"(coefficients), [from] "+&r"(from)
        : [magic] "r"(oct_cubic_constants.magic), [bytes] "r"(oct_cubic_constants.bytes),
          [factors] "r"(&factors), [last] "r"(&last), [to] "r"(to)
        : "memory", OCT_CUBIC_CLOBBERS);
    for (int i = 0; i < 4; i++)
        v[i] = vld1q_f32(values + (ptrdiff_t)4 * i);
}

#endif
