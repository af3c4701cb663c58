/* SPDX-License-Identifier: Apache-2.0 */
/* F32 depthwise convolutions on AVX-512. */
#define OCT_CODES 0
#define OCT_GROUP 1
#define OCT_FINISH oct_finish_f32_avx512
#include "runtime/backend/cpu/kernels/x86/tiles_depthwise_avx512.h"
#include "runtime/backend/cpu/kernels/x86/vector_avx512.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

#define V_STEP(sum, x, w) (sum) = _mm512_fmadd_ps(x, w, sum)

#include "runtime/backend/cpu/kernels/vector/depthwise.h"

DEFINE_DEPTHWISE(oct_depthwise_f32_avx512, "depthwise_f32_avx512_6x64")
