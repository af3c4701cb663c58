/* SPDX-License-Identifier: Apache-2.0 */
/* 3x3 convolutions of halves by Winograd's transforms. */
#define OCT_CODES 0
#define OCT_GROUP 1
#define OCT_HALVES 1
#define OCT_FINISH oct_finish_f16_fp16
#define OCT_TILES_USED oct_tiles_f16_fp16
#include "runtime/backend/cpu/kernels/arm/arm.h"
#include "runtime/backend/cpu/kernels/arm/tiles_neon.h"
#include "runtime/backend/cpu/kernels/arm/vector_fp16.h"

#include "runtime/backend/cpu/kernels/vector/winograd.h"

DEFINE_WINOGRAD("winograd_f16_fp16_5x32", 5, 4)

const struct oct_conv_kernel *const oct_winograd_f16_fp16[OCT_NEON_WINOGRADS] = {&winograd_4};
