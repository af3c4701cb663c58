/* SPDX-License-Identifier: Apache-2.0 */
/* Mean pools, in vectors of 256 bits. */
#define OCT_CODES 0
#define OCT_GROUP 1
#include "runtime/backend/cpu/kernels/x86/vector_avx2.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

#include "runtime/backend/cpu/kernels/vector/means.h"

void oct_fill_means_avx2(struct oct_kernels *kernels)
{
    kernels->mean_pool = mean_pool;
}
