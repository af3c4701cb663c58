/* SPDX-License-Identifier: Apache-2.0 */
/* Attention of floats on NEON. */
#define OCT_CODES 0
#define OCT_GROUP 1
#define OCT_FINISH oct_finish_f32_neon
#include "runtime/backend/cpu/kernels/arm/arm.h"
#include "runtime/backend/cpu/kernels/arm/tiles_neon.h"
#include "runtime/backend/cpu/kernels/arm/vector_neon.h"

#define V_STEP(sum, x, w) (sum) = vfmaq_f32(sum, x, w)

#include "runtime/backend/cpu/kernels/vector/attention.h"

DEFINE_ATTENTION("attention_float_neon", oct_attention_float_neon, 4)
