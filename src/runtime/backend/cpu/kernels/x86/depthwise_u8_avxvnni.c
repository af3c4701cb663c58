/* SPDX-License-Identifier: Apache-2.0 */
/* U8 depthwise convolutions on AVX-VNNI: vpdpbusd takes four rows of taps. */
#define OCT_CODES 1
#define OCT_GROUP 4
#define OCT_FINISH oct_finish_u8_avx2
#include "runtime/backend/cpu/kernels/x86/tiles_depthwise_avx2.h"
#include "runtime/backend/cpu/kernels/x86/vector_avx2.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

#define V_STEP(sum, x, w) __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum) : "x"(x), "x"(w))

#include "runtime/backend/cpu/kernels/vector/depthwise.h"

DEFINE_DEPTHWISE(oct_depthwise_u8_avxvnni, "depthwise_u8_avxvnni_6x32")
