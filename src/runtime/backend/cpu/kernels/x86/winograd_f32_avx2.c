/* SPDX-License-Identifier: Apache-2.0 */
/* F32 3x3 convolutions by Winograd's transforms on AVX2 and FMA. */
#define OCT_CODES 0
#define OCT_GROUP 1
#define OCT_FINISH oct_finish_f32_avx2
#define OCT_TILES_USED oct_tiles_f32_avx2
#include "runtime/backend/cpu/kernels/x86/tiles_avx2.h"
#include "runtime/backend/cpu/kernels/x86/vector_avx2.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

#include "runtime/backend/cpu/kernels/vector/winograd.h"

DEFINE_WINOGRAD("winograd_f32_avx2_6x16", 6, 2)

const struct oct_conv_kernel *const oct_winograd_f32_avx2[OCT_AVX2_WINOGRADS] = {&winograd_2};
