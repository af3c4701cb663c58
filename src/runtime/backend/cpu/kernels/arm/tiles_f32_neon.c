/* SPDX-License-Identifier: Apache-2.0 */
/* F32's tiles on NEON, which direct and transformed convolutions use: FMLA by element. */
#define L_TILES oct_tiles_f32_neon
#define L_STEPS 4
#define L_VECTOR "4s"
#define L_ELEMENT "s"
#include "runtime/backend/cpu/kernels/arm/fmla_lanes.h"

#define L_INPUT(P, V) L_FOUR(P, V)
#define L_REST(P, V) /* channels come in fours */

#include "runtime/backend/cpu/kernels/arm/tiles_lanes.h"
