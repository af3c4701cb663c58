/* SPDX-License-Identifier: Apache-2.0 */
/* Mean pools, in vectors of 128 bits. */
#define OCT_CODES 0
#define OCT_GROUP 1
#include "runtime/backend/cpu/kernels/arm/arm.h"
#include "runtime/backend/cpu/kernels/arm/vector_neon.h"

#include "runtime/backend/cpu/kernels/vector/means.h"

void oct_fill_means_neon(struct oct_kernels *kernels)
{
    kernels->mean_pool = mean_pool;
}
