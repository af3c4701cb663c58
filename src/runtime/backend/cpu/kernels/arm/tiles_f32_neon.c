/* SPDX-License-Identifier: Apache-2.0 */
/* F32's tiles on NEON, which direct and transformed convolutions use: FMLA by element. */
#define L_TILES oct_tiles_f32_neon
#define L_STEPS 4

#define L_WEIGHTS_1 "{v7.4s}"
#define L_WEIGHTS_2 "{v7.4s-v8.4s}"
#define L_WEIGHTS_3 "{v7.4s-v9.4s}"
#define L_WEIGHTS_4 "{v7.4s-v10.4s}"

#define L_STEP(f, n, lane, m)                                                                      \
    "fmla " R_SUM(m, n) ".4s, " R_WEIGHT(n) ".4s, " R_INPUT(f, m) ".s[" #lane "]\n\t"
#define L_VECTORS_1(P, lane) R_EACH_##P(L_STEP, 0, 0, lane)
#define L_VECTORS_2(P, lane) L_VECTORS_1(P, lane) R_EACH_##P(L_STEP, 0, 1, lane)
#define L_VECTORS_3(P, lane) L_VECTORS_2(P, lane) R_EACH_##P(L_STEP, 0, 2, lane)
#define L_VECTORS_4(P, lane) L_VECTORS_3(P, lane) R_EACH_##P(L_STEP, 0, 3, lane)
#define L_LANE(P, V, lane)                                                                         \
    "ld1 " L_WEIGHTS_##V ", [%[weights]], %[bytes]\n\t" L_VECTORS_##V(P, lane)

#define L_INPUT(P, V) L_LANE(P, V, 0) L_LANE(P, V, 1) L_LANE(P, V, 2) L_LANE(P, V, 3)
#define L_REST(P, V) /* channels come in fours */

#include "runtime/backend/cpu/kernels/arm/tiles_lanes.h"
