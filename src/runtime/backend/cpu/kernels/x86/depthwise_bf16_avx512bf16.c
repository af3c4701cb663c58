/* SPDX-License-Identifier: Apache-2.0 */
/* BF16 depthwise convolutions on AVX-512 BF16: worked out in floats. */
#define OCT_CODES 0
#define OCT_GROUP 1
#define OCT_BF16 1
#define OCT_FINISH oct_finish_bf16_avx512bf16
#include "runtime/backend/cpu/kernels/x86/tiles_depthwise_avx512.h"
#include "runtime/backend/cpu/kernels/x86/vector_avx512.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

#define V_STEP(sum, x, w) (sum) = _mm512_fmadd_ps(x, w, sum)

#include "runtime/backend/cpu/kernels/vector/depthwise.h"

DEFINE_DEPTHWISE(oct_depthwise_bf16_avx512bf16, "depthwise_bf16_avx512bf16_6x64")
