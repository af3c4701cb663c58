/* SPDX-License-Identifier: Apache-2.0 */
/* U8 attention on AVX-VNNI: vpdpwssd takes two channels, or two weights, of eight lanes. */
#define OCT_CODES 1
#define OCT_GROUP 2
#define OCT_FINISH oct_finish_u8_avx2
#include "runtime/backend/cpu/kernels/x86/tiles_avx2.h"
#include "runtime/backend/cpu/kernels/x86/vector_avx2.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

/* Not the intrinsic: gcc 11 and 12 copy and spill the sums around it. */
#define V_STEP(sum, x, w) __asm__("%{vex%} vpdpwssd %2, %1, %0" : "+x"(sum) : "x"(x), "x"(w))

#include "runtime/backend/cpu/kernels/vector/attention.h"

DEFINE_ATTENTION("attention_u8_avxvnni", oct_attention_u8_avxvnni, 2)
