/* SPDX-License-Identifier: Apache-2.0 */
/* U8 3x3 convolutions by Winograd's transforms, exactly, on NEON. */
#define OCT_CODES 1
#define OCT_GROUP 2
#define OCT_FINISH oct_finish_u8_neon
#define OCT_TILES_USED oct_tiles_words_neon
#include "runtime/backend/cpu/kernels/arm/arm.h"
#include "runtime/backend/cpu/kernels/arm/tiles_neon.h"
#include "runtime/backend/cpu/kernels/arm/vector_neon.h"

#include "runtime/backend/cpu/kernels/vector/winograd.h"

DEFINE_WINOGRAD("winograd_u8_neon_5x16", 5, 4)

const struct oct_conv_kernel *const oct_winograd_u8_neon[OCT_NEON_WINOGRADS] = {&winograd_4};
