/* SPDX-License-Identifier: Apache-2.0 */
/* What NEON brings. */
#include "runtime/backend/cpu/kernels/arm/arm.h"

void oct_kernels_fill_neon(struct oct_kernels *kernels)
{
    kernels->set = "neon";
    oct_fill_u8_neon(kernels);
    oct_fill_f32_neon(kernels);
    oct_fill_pools_neon(kernels);
    kernels->depthwise_u8 = &oct_depthwise_u8_neon;
    kernels->depthwise_f32 = &oct_depthwise_f32_neon;
    kernels->attention_u8 = &oct_attention_u8_neon;
    kernels->attention_float = &oct_attention_float_neon;
}
