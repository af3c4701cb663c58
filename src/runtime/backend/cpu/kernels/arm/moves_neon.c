/* SPDX-License-Identifier: Apache-2.0 */
/* What NEON brings. */
#include "runtime/backend/cpu/kernels/arm/arm.h"

void oct_kernels_fill_neon(struct oct_kernels *kernels)
{
    kernels->set = "neon";
    oct_fill_u8_neon(kernels);
    oct_fill_f32_neon(kernels);
    oct_fill_pools_neon(kernels);
}
