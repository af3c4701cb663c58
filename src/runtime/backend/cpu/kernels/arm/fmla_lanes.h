/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps of tiles_lanes.h that are one FMLA by element each: of floats, or of halves. A file defines
 *
 *   L_VECTOR    text: a register as the instruction has it, "4s" or "8h"
 *   L_ELEMENT   text: one of its elements, "s" or "h"
 */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_ARM_FMLA_LANES_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_ARM_FMLA_LANES_H

#define L_WEIGHTS_1 "{v7.4s}"
#define L_WEIGHTS_2 "{v7.4s-v8.4s}"
#define L_WEIGHTS_3 "{v7.4s-v9.4s}"
#define L_WEIGHTS_4 "{v7.4s-v10.4s}"

#define L_STEP(f, n, lane, m)                                                                      \
    "fmla " R_SUM(m, n) "." L_VECTOR ", " R_WEIGHT(n) "." L_VECTOR                                 \
                                                      ", " R_INPUT(f, m) "." L_ELEMENT "[" #lane   \
                                                                         "]\n\t"
#define L_VECTORS_1(P, lane) R_EACH_##P(L_STEP, 0, 0, lane)
#define L_VECTORS_2(P, lane) L_VECTORS_1(P, lane) R_EACH_##P(L_STEP, 0, 1, lane)
#define L_VECTORS_3(P, lane) L_VECTORS_2(P, lane) R_EACH_##P(L_STEP, 0, 2, lane)
#define L_VECTORS_4(P, lane) L_VECTORS_3(P, lane) R_EACH_##P(L_STEP, 0, 3, lane)
#define L_LANE(P, V, lane)                                                                         \
    "ld1 " L_WEIGHTS_##V ", [%[weights]], %[bytes]\n\t" L_VECTORS_##V(P, lane)

/* Four input channels. */
#define L_FOUR(P, V) L_LANE(P, V, 0) L_LANE(P, V, 1) L_LANE(P, V, 2) L_LANE(P, V, 3)

#endif
