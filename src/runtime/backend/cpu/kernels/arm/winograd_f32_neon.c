/* SPDX-License-Identifier: Apache-2.0 */
/* F32 3x3 convolutions by Winograd's transforms on NEON. */
#define OCT_CODES 0
#define OCT_GROUP 1
#define OCT_FINISH oct_finish_f32_neon
#define OCT_TILES_USED oct_tiles_f32_neon
#include "runtime/backend/cpu/kernels/arm/arm.h"
#include "runtime/backend/cpu/kernels/arm/tiles_neon.h"
#include "runtime/backend/cpu/kernels/arm/vector_neon.h"

#include "runtime/backend/cpu/kernels/vector/winograd.h"

DEFINE_WINOGRAD("winograd_f32_neon_5x16", 5, 4)

const struct oct_conv_kernel *const oct_winograd_f32_neon[OCT_NEON_WINOGRADS] = {&winograd_4};
