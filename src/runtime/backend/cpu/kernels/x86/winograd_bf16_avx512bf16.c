/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BF16 3x3 convolutions by Winograd's transforms on AVX-512: worked out in floats, a quarter of the
 * products at half the speed of vdpbf16ps or, where that instruction is slow, at twice its speed.
 */
#define OCT_CODES 0
#define OCT_GROUP 1
#define OCT_FINISH oct_finish_bf16_avx512bf16
#define OCT_TILES_USED oct_tiles_f32_avx512
#define OCT_BF16 1
#include "runtime/backend/cpu/kernels/x86/tiles_avx512.h"
#include "runtime/backend/cpu/kernels/x86/vector_avx512.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

#include "runtime/backend/cpu/kernels/vector/winograd.h"

DEFINE_WINOGRAD("winograd_bf16_avx512bf16_6x64", 6, 4)
DEFINE_WINOGRAD("winograd_bf16_avx512bf16_5x80", 5, 5)

const struct oct_conv_kernel *const oct_winograd_bf16_avx512bf16[OCT_AVX512_WINOGRADS] = {
    &winograd_4, &winograd_5};
