/* SPDX-License-Identifier: Apache-2.0 */
/* U8 depthwise convolutions on NEON: two rows of taps, widened to 16 bits. */
#define OCT_CODES 1
#define OCT_GROUP 2
#define OCT_FINISH oct_finish_u8_neon
#include "runtime/backend/cpu/kernels/arm/arm.h"
#include "runtime/backend/cpu/kernels/arm/tiles_depthwise_neon.h"
#include "runtime/backend/cpu/kernels/arm/vector_neon.h"

#define V_STEP(sum, x, w) (sum) = v_add_pairs(sum, x, w)

#include "runtime/backend/cpu/kernels/vector/depthwise.h"

DEFINE_DEPTHWISE(oct_depthwise_u8_neon, "depthwise_u8_neon_6x16")
