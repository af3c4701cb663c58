/* SPDX-License-Identifier: Apache-2.0 */
/* Attention of floats on AVX-512. */
#define OCT_CODES 0
#define OCT_GROUP 1
#define OCT_FINISH oct_finish_f32_avx512
#define OCT_TILES_USED oct_tiles_f32_avx512
#include "runtime/backend/cpu/kernels/x86/tiles_avx512.h"
#include "runtime/backend/cpu/kernels/x86/vector_avx512.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

#include "runtime/backend/cpu/kernels/vector/attention.h"

DEFINE_ATTENTION("attention_float_avx512", oct_attention_float_avx512, 4)
