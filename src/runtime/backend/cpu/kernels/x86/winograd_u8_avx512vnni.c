/* SPDX-License-Identifier: Apache-2.0 */
/* U8 3x3 convolutions by Winograd's transforms, exactly, on AVX-512 VNNI: vpdpwssd takes two input
 * channels of sixteen outputs. */
#define OCT_CODES 1
#define OCT_GROUP 2
#define OCT_FINISH oct_finish_u8_avx512
#include "runtime/backend/cpu/kernels/x86/tiles_winograd_avx512.h"
#include "runtime/backend/cpu/kernels/x86/vector_avx512.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

/* Not the intrinsic: gcc 11 and 12 copy and spill the sums around it. */
#define V_STEP(sum, x, w) __asm__("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(x), "v"(w))

#include "runtime/backend/cpu/kernels/vector/winograd.h"

DEFINE_WINOGRAD("winograd_u8_avx512vnni_5x64", 5, 4)
DEFINE_WINOGRAD("winograd_u8_avx512vnni_5x80", 5, 5)

const struct oct_conv_kernel *const oct_winograd_u8_avx512vnni[OCT_AVX512_WINOGRADS] = {
    &winograd_4, &winograd_5};
