/* SPDX-License-Identifier: Apache-2.0 */
/* U8 depthwise convolutions on AVX-512 VNNI: vpdpbusd takes four rows of taps. */
#define OCT_CODES 1
#define OCT_GROUP 4
#define OCT_FINISH oct_finish_u8_avx512
#include "runtime/backend/cpu/kernels/x86/tiles_depthwise_avx512.h"
#include "runtime/backend/cpu/kernels/x86/vector_avx512.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

#define V_STEP(sum, x, w) __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(x), "v"(w))

#include "runtime/backend/cpu/kernels/vector/depthwise.h"

DEFINE_DEPTHWISE(oct_depthwise_u8_avx512vnni, "depthwise_u8_avx512vnni_6x64")
