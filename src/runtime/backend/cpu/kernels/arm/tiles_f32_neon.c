/* SPDX-License-Identifier: Apache-2.0 */
/*
 * F32's tiles on NEON (vector/tiles.h), which direct and transformed convolutions use: up to five
 * pixels by four vectors of output channels. Four input channels of a pixel are one register, of
 * which FMLA by element takes one after the other: the order of vector/tiles.h's steps.
 */
#define OCT_CODES 0
#define OCT_GROUP 1
#include "runtime/backend/cpu/kernels/arm/arm.h"
#include "runtime/backend/cpu/kernels/arm/block_registers.h"
#include "runtime/backend/cpu/kernels/arm/tiles_neon.h"

/* Registers of V vectors: of weights, of input 0 to 4's sums. */
#define V_WEIGHTS_1 "{v7.4s}"
#define V_WEIGHTS_2 "{v7.4s-v8.4s}"
#define V_WEIGHTS_3 "{v7.4s-v9.4s}"
#define V_WEIGHTS_4 "{v7.4s-v10.4s}"
#define V_SUMS_1(a, b, c, d) "{v" #a ".4s}"
#define V_SUMS_2(a, b, c, d) "{v" #a ".4s-v" #b ".4s}"
#define V_SUMS_3(a, b, c, d) "{v" #a ".4s-v" #c ".4s}"
#define V_SUMS_4(a, b, c, d) "{v" #a ".4s-v" #d ".4s}"
#define V_START(V, a, b, c, d) "ld1 " V_SUMS_##V(a, b, c, d) ", [%[start]]\n\t"
#define V_STORE(V, a, b, c, d) "st1 " V_SUMS_##V(a, b, c, d) ", [%[values]], %[bytes]\n\t"

/* M(V, registers) of the sums of each of P pixels. */
#define V_EACH_1(M, V) M(V, 12, 13, 14, 15)
#define V_EACH_2(M, V) V_EACH_1(M, V) M(V, 16, 17, 18, 19)
#define V_EACH_3(M, V) V_EACH_2(M, V) M(V, 20, 21, 22, 23)
#define V_EACH_4(M, V) V_EACH_3(M, V) M(V, 24, 25, 26, 27)
#define V_EACH_5(M, V) V_EACH_4(M, V) M(V, 28, 29, 30, 31)

/* Where each of P pixels begins, and four channels of it. */
#define P_PLACES_1 "mov %[at0], %[column]\n\t"
#define P_PLACES_2 P_PLACES_1 "add %[at1], %[at0], %[pixel]\n\t"
#define P_PLACES_3 P_PLACES_2 "add %[at2], %[at1], %[pixel]\n\t"
#define P_PLACES_4 P_PLACES_3 "add %[at3], %[at2], %[pixel]\n\t"
#define P_PLACES_5 P_PLACES_4 "add %[at4], %[at3], %[pixel]\n\t"
#define P_INPUTS_1 "ldr q0, [%[at0]], #16\n\t"
#define P_INPUTS_2 P_INPUTS_1 "ldr q1, [%[at1]], #16\n\t"
#define P_INPUTS_3 P_INPUTS_2 "ldr q2, [%[at2]], #16\n\t"
#define P_INPUTS_4 P_INPUTS_3 "ldr q3, [%[at3]], #16\n\t"
#define P_INPUTS_5 P_INPUTS_4 "ldr q4, [%[at4]], #16\n\t"

#define F_STEP(f, n, lane, m)                                                                      \
    "fmla " R_SUM(m, n) ".4s, " R_WEIGHT(n) ".4s, " R_INPUT(f, m) ".s[" #lane "]\n\t"
#define F_VECTORS_1(P, lane) R_EACH_##P(F_STEP, 0, 0, lane)
#define F_VECTORS_2(P, lane) F_VECTORS_1(P, lane) R_EACH_##P(F_STEP, 0, 1, lane)
#define F_VECTORS_3(P, lane) F_VECTORS_2(P, lane) R_EACH_##P(F_STEP, 0, 2, lane)
#define F_VECTORS_4(P, lane) F_VECTORS_3(P, lane) R_EACH_##P(F_STEP, 0, 3, lane)
#define F_LANE(P, V, lane)                                                                         \
    "ld1 " V_WEIGHTS_##V ", [%[weights]], %[bytes]\n\t" F_VECTORS_##V(P, lane)

/* Four input channels of each pixel. */
#define F_FOUR(P, V) P_INPUTS_##P F_LANE(P, V, 0) F_LANE(P, V, 1) F_LANE(P, V, 2) F_LANE(P, V, 3)

#define DEFINE_F32_TILE(P, V)                                                                      \
    static void tile_##P##x##V(const struct tile *t, const uint8_t *input, float *values)          \
    {                                                                                              \
        const uint8_t *weights = t->weights, *column, *at0, *at1, *at2, *at3, *at4;                \
        int rows = t->rows, columns, fours;                                                        \
        __asm__ volatile(V_EACH_##P(V_START, V) "1: mov %[column], %[input]\n\t"                   \
                                                "mov %w[columns], %w[all_columns]\n\t"             \
                                                "2: mov %w[fours], %w[all_fours]\n\t" P_PLACES_##P \
                         "add %[column], %[column], %[right]\n\t"                                  \
                         "3: subs %w[fours], %w[fours], #1\n\t" F_FOUR(                            \
                             P, V) "b.ne 3b\n\t"                                                   \
                                   "subs %w[columns], %w[columns], #1\n\t"                         \
                                   "b.ne 2b\n\t"                                                   \
                                   "add %[input], %[input], %[down]\n\t"                           \
                                   "subs %w[rows], %w[rows], #1\n\t"                               \
                                   "b.ne 1b\n\t" V_EACH_##P(V_STORE, V)                            \
                         : [weights] "+&r"(weights), [column] "=&r"(column), [at0] "=&r"(at0),     \
                           [at1] "=&r"(at1), [at2] "=&r"(at2), [at3] "=&r"(at3), [at4] "=&r"(at4), \
                           [rows] "+&r"(rows), [columns] "=&r"(columns), [fours] "=&r"(fours),     \
                           [input] "+&r"(input), [values] "+&r"(values)                            \
                         : [all_columns] "r"(t->columns), [all_fours] "r"(t->steps / 4),           \
                           [pixel] "r"(t->pixel), [right] "r"(t->column), [down] "r"(t->row),      \
                           [start] "r"(t->start), [bytes] "r"((size_t)((V)*REGISTER_BYTES))        \
                         : "cc", "memory", R_CLOBBERS);                                            \
    }

OCT_TILES(DEFINE_F32_TILE)

#define TILE_ENTRY(P, V) [V][P] = tile_##P##x##V,
tile_function *const oct_tiles_f32_neon[OCT_NEON_VECTORS + 1][TILE_PIXELS] = {
    OCT_TILES(TILE_ENTRY)};
