/* SPDX-License-Identifier: Apache-2.0 */
/* U8 3x3 convolutions by Winograd's transforms, exactly, on AVX2: vpmaddwd takes two input channels
 * of eight outputs. */
#define OCT_CODES 1
#define OCT_GROUP 2
#define OCT_FINISH oct_finish_u8_avx2
#include "runtime/backend/cpu/kernels/x86/tiles_avx2_madd.h"
#include "runtime/backend/cpu/kernels/x86/vector_avx2.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

#define V_STEP(sum, x, w) (sum) = _mm256_add_epi32(sum, _mm256_madd_epi16(x, w))

#include "runtime/backend/cpu/kernels/vector/winograd.h"

DEFINE_WINOGRAD("winograd_u8_avx2_6x16", 6, 2)

const struct oct_conv_kernel *const oct_winograd_u8_avx2[OCT_AVX2_WINOGRADS] = {&winograd_2};
