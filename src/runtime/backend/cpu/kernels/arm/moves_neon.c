/* SPDX-License-Identifier: Apache-2.0 */
/* Upsampling and conversions, in vectors of 128 bits; and what NEON brings. Pixels to float are the
 * reference's: NEON is in every 64-bit ARM, and what compilers make of that loop has no instruction
 * to spare. */
#define OCT_CODES 0
#define OCT_GROUP 1
#include "runtime/backend/cpu/kernels/arm/arm.h"
#include "runtime/backend/cpu/kernels/arm/vector_neon.h"

#include "runtime/backend/cpu/kernels/vector/moves.h"

void oct_kernels_fill_neon(struct oct_kernels *kernels)
{
    kernels->set = "neon";
    oct_fill_u8_neon(kernels);
    oct_fill_f32_neon(kernels);
    oct_fill_resize_neon(kernels);
    oct_fill_yuv_neon(kernels);
    oct_fill_measure_neon(kernels);
    oct_fill_pools_neon(kernels);
    oct_fill_means_neon(kernels);
    kernels->depthwise_u8 = &oct_depthwise_u8_neon;
    kernels->depthwise_f32 = &oct_depthwise_f32_neon;
    kernels->attention_u8 = &oct_attention_u8_neon;
    kernels->attention_float = &oct_attention_float_neon;
    kernels->upsample2 = upsample2;
    kernels->convert = convert;
}
