/* SPDX-License-Identifier: Apache-2.0 */
/* F32 3x3 convolutions by Winograd's transforms on AVX-512. */
#define OCT_CODES 0
#define OCT_GROUP 1
#define OCT_FINISH oct_finish_f32_avx512
#define OCT_TILES_USED oct_tiles_f32_avx512
#include "runtime/backend/cpu/kernels/x86/tiles_avx512.h"
#include "runtime/backend/cpu/kernels/x86/vector_avx512.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

#include "runtime/backend/cpu/kernels/vector/winograd.h"

DEFINE_WINOGRAD("winograd_f32_avx512_6x64", 6, 4)
DEFINE_WINOGRAD("winograd_f32_avx512_5x80", 5, 5)

const struct oct_conv_kernel *const oct_winograd_f32_avx512[OCT_AVX512_WINOGRADS] = {&winograd_4,
                                                                                     &winograd_5};
