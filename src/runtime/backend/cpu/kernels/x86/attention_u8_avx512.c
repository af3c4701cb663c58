/* SPDX-License-Identifier: Apache-2.0 */
/* U8 attention on AVX-512: vpmaddwd takes two channels, or two weights, of sixteen lanes. */
#define OCT_CODES 1
#define OCT_GROUP 2
#define OCT_FINISH oct_finish_u8_avx512
#include "runtime/backend/cpu/kernels/x86/tiles_winograd_avx512.h"
#include "runtime/backend/cpu/kernels/x86/vector_avx512.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

#define V_STEP(sum, x, w) (sum) = _mm512_add_epi32(sum, _mm512_madd_epi16(x, w))

#include "runtime/backend/cpu/kernels/vector/attention.h"

DEFINE_ATTENTION("attention_u8_avx512", oct_attention_u8_avx512, 4)
