/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolutions of halves on NEON: worked out in floats. */
#define OCT_CODES 0
#define OCT_GROUP 1
#define OCT_F16 1
#define OCT_FINISH oct_finish_f16_neon
#include "runtime/backend/cpu/kernels/arm/arm.h"
#include "runtime/backend/cpu/kernels/arm/tiles_depthwise_neon.h"
#include "runtime/backend/cpu/kernels/arm/vector_neon.h"

#define V_STEP(sum, x, w) (sum) = vfmaq_f32(sum, x, w)

#include "runtime/backend/cpu/kernels/vector/depthwise.h"

DEFINE_DEPTHWISE(oct_depthwise_f16_neon, "depthwise_f16_neon_6x16")
