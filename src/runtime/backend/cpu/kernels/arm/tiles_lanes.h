/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tiles of vector/tiles.h on NEON by products by element: up to five pixels (or squares) by up to
 * four vectors of output channels. A register of a pixel's input is loaded at a time; its elements
 * are taken one after the other, which is the order of vector/tiles.h's steps. A file defines
 *
 *   L_TILES        the name of the tiles
 *   L_STEPS        steps of a register of input
 *   L_INPUT(P, V)  text: the products of such a register of each of P pixels, in v0 and the next,
 *                  with weights for V vectors
 *   L_REST(P, V)   text: loads and multiplies what is left, %[rest] steps
 */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_ARM_TILES_LANES_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_ARM_TILES_LANES_H

#include "runtime/backend/cpu/kernels/arm/arm.h"
#include "runtime/backend/cpu/kernels/arm/block_registers.h"
#include "runtime/backend/cpu/kernels/arm/tiles_neon.h"

/* Sums of V vectors. */
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

/* Where each of P pixels begins, and N bytes of it, a register q (16) or d (8). */
#define P_PLACES_1 "mov %[at0], %[column]\n\t"
#define P_PLACES_2 P_PLACES_1 "add %[at1], %[at0], %[pixel]\n\t"
#define P_PLACES_3 P_PLACES_2 "add %[at2], %[at1], %[pixel]\n\t"
#define P_PLACES_4 P_PLACES_3 "add %[at3], %[at2], %[pixel]\n\t"
#define P_PLACES_5 P_PLACES_4 "add %[at4], %[at3], %[pixel]\n\t"
#define P_INPUTS_1(R, N) "ldr " #R "0, [%[at0]], #" #N "\n\t"
#define P_INPUTS_2(R, N) P_INPUTS_1(R, N) "ldr " #R "1, [%[at1]], #" #N "\n\t"
#define P_INPUTS_3(R, N) P_INPUTS_2(R, N) "ldr " #R "2, [%[at2]], #" #N "\n\t"
#define P_INPUTS_4(R, N) P_INPUTS_3(R, N) "ldr " #R "3, [%[at3]], #" #N "\n\t"
#define P_INPUTS_5(R, N) P_INPUTS_4(R, N) "ldr " #R "4, [%[at4]], #" #N "\n\t"

#define DEFINE_LANE_TILE(P, V)                                                                     \
    static void tile_##P##x##V(const struct tile *t, const uint8_t *input, float *values)          \
    {                                                                                              \
        const uint8_t *weights = t->weights, *column, *at0, *at1, *at2, *at3, *at4;                \
        int rows = t->rows, columns, left;                                                         \
        __asm__ volatile(                                                                          \
            V_EACH_##P(V_START, V) "1: mov %[column], %[input]\n\t"                                \
                                   "mov %w[columns], %w[all_columns]\n\t"                          \
                                   "2: mov %w[left], %w[registers]\n\t" P_PLACES_##P               \
            "add %[column], %[column], %[right]\n\t"                                               \
            "cbz %w[left], 4f\n\t"                                                                 \
            "3: subs %w[left], %w[left], #1\n\t" P_INPUTS_##P(q, 16)                               \
                L_INPUT(P, V) "b.ne 3b\n\t"                                                        \
                              "4:\n\t" L_REST(P, V) "subs %w[columns], %w[columns], #1\n\t"        \
                                                    "b.ne 2b\n\t"                                  \
                                                    "add %[input], %[input], %[down]\n\t"          \
                                                    "subs %w[rows], %w[rows], #1\n\t"              \
                                                    "b.ne 1b\n\t" V_EACH_##P(V_STORE, V)           \
            : [weights] "+&r"(weights), [column] "=&r"(column), [at0] "=&r"(at0),                  \
              [at1] "=&r"(at1), [at2] "=&r"(at2), [at3] "=&r"(at3), [at4] "=&r"(at4),              \
              [rows] "+&r"(rows), [columns] "=&r"(columns), [left] "=&r"(left),                    \
              [input] "+&r"(input), [values] "+&r"(values)                                         \
            : [all_columns] "r"(t->columns), [registers] "r"(t->steps / L_STEPS),                  \
              [rest] "r"(t->steps % L_STEPS), [pixel] "r"(t->pixel), [right] "r"(t->column),       \
              [down] "r"(t->row), [start] "r"(t->start), [bytes] "r"((size_t)((V)*REGISTER_BYTES)) \
            : "cc", "memory", R_CLOBBERS);                                                         \
    }

OCT_TILES(DEFINE_LANE_TILE)

#define TILE_ENTRY(P, V) [V][P] = tile_##P##x##V,
tile_function *const L_TILES[OCT_NEON_VECTORS + 1][TILE_PIXELS] = {OCT_TILES(TILE_ENTRY)};

#endif
