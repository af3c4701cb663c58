/* SPDX-License-Identifier: Apache-2.0 */
/* The tiles of U8's transformed convolutions on NEON: SMLAL by element, of words of 16 bits. A step
 * is two channels, whose weights lie side by side: LD2 takes them apart. */
#define L_TILES oct_tiles_words_neon
#define L_STEPS 4

/* Weights of a step: v7 and v8 of eight output channels and either input channel, v9 and v10 of
 * eight more. */
#define L_WEIGHTS_1 "ld2 {v7.4h-v8.4h}, [%[weights]], #16\n\t"
#define L_WEIGHTS_2 "ld2 {v7.8h-v8.8h}, [%[weights]], #32\n\t"
#define L_WEIGHTS_3 L_WEIGHTS_2 "ld2 {v9.4h-v10.4h}, [%[weights]], #16\n\t"
#define L_WEIGHTS_4 L_WEIGHTS_2 "ld2 {v9.8h-v10.8h}, [%[weights]], #32\n\t"

/* Vector n of sums with input channel `lane`, whose weights are in register `w`. */
#define L_LOW(n, w, lane, m)                                                                       \
    "smlal " R_SUM(m, n) ".4s, v" #w ".4h, " R_INPUT(0, m) ".h[" #lane "]\n\t"
#define L_HIGH(n, w, lane, m)                                                                      \
    "smlal2 " R_SUM(m, n) ".4s, v" #w ".8h, " R_INPUT(0, m) ".h[" #lane "]\n\t"
#define L_VECTORS_1(P, w, w2, lane) R_EACH_##P(L_LOW, 0, w, lane)
#define L_VECTORS_2(P, w, w2, lane) L_VECTORS_1(P, w, w2, lane) R_EACH_##P(L_HIGH, 1, w, lane)
#define L_VECTORS_3(P, w, w2, lane) L_VECTORS_2(P, w, w2, lane) R_EACH_##P(L_LOW, 2, w2, lane)
#define L_VECTORS_4(P, w, w2, lane) L_VECTORS_3(P, w, w2, lane) R_EACH_##P(L_HIGH, 3, w2, lane)
#define L_STEP(P, V, first, second)                                                                \
    L_WEIGHTS_##V L_VECTORS_##V(P, 7, 9, first) L_VECTORS_##V(P, 8, 10, second)

#define L_HALF(P, V) L_STEP(P, V, 0, 1) L_STEP(P, V, 2, 3)
#define L_INPUT(P, V) L_HALF(P, V) L_STEP(P, V, 4, 5) L_STEP(P, V, 6, 7)
/* Four channels. */
#define L_REST(P, V) "cbz %w[rest], 5f\n\t" P_INPUTS_##P(d, 8) L_HALF(P, V) "5:\n\t"

#include "runtime/backend/cpu/kernels/arm/tiles_lanes.h"
