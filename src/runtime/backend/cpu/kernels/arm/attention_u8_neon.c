/* SPDX-License-Identifier: Apache-2.0 */
/* U8 attention on NEON: two channels, or two weights, of four lanes at a time. */
#define OCT_CODES 1
#define OCT_GROUP 2
#define OCT_FINISH oct_finish_u8_neon
#include "runtime/backend/cpu/kernels/arm/arm.h"
#include "runtime/backend/cpu/kernels/arm/tiles_neon.h"
#include "runtime/backend/cpu/kernels/arm/vector_neon.h"

#define V_STEP(sum, x, w) (sum) = v_add_pairs(sum, x, w)

#include "runtime/backend/cpu/kernels/vector/attention.h"

DEFINE_ATTENTION("attention_u8_neon", oct_attention_u8_neon, 4)
