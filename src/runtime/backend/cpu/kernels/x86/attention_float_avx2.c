/* SPDX-License-Identifier: Apache-2.0 */
/* Attention of floats on AVX2 and FMA. */
#define OCT_CODES 0
#define OCT_GROUP 1
#define OCT_FINISH oct_finish_f32_avx2
#define OCT_TILES_USED oct_tiles_f32_avx2
#include "runtime/backend/cpu/kernels/x86/tiles_avx2.h"
#include "runtime/backend/cpu/kernels/x86/vector_avx2.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

#include "runtime/backend/cpu/kernels/vector/attention.h"

DEFINE_ATTENTION("attention_float_avx2", oct_attention_float_avx2, 2)
