/* SPDX-License-Identifier: Apache-2.0 */
/* U8 depthwise convolutions on AVX2: vpmaddwd takes two rows of taps, widened to 16 bits. */
#define OCT_CODES 1
#define OCT_GROUP 2
#define OCT_FINISH oct_finish_u8_avx2
#include "runtime/backend/cpu/kernels/x86/tiles_depthwise_avx2.h"
#include "runtime/backend/cpu/kernels/x86/vector_avx2.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

#define V_STEP(sum, x, w) (sum) = _mm256_add_epi32(sum, _mm256_madd_epi16(x, w))

#include "runtime/backend/cpu/kernels/vector/depthwise.h"

DEFINE_DEPTHWISE(oct_depthwise_u8_avx2, "depthwise_u8_avx2_6x32")
