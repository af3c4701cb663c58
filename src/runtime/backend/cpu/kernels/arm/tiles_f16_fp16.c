/* SPDX-License-Identifier: Apache-2.0 */
/* The tiles of halves, which direct and transformed convolutions use: FMLA by element, eight sums
 * an instruction. */
#define L_TILES oct_tiles_f16_fp16
#define L_STEPS 8
#define L_VECTOR "8h"
#define L_ELEMENT "h"
#include "runtime/backend/cpu/kernels/arm/fmla_lanes.h"

#define L_INPUT(P, V) L_FOUR(P, V) L_LANE(P, V, 4) L_LANE(P, V, 5) L_LANE(P, V, 6) L_LANE(P, V, 7)
/* Four channels. */
#define L_REST(P, V) "cbz %w[rest], 5f\n\t" P_INPUTS_##P(d, 8) L_FOUR(P, V) "5:\n\t"

#include "runtime/backend/cpu/kernels/arm/tiles_lanes.h"
