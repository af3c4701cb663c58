/* SPDX-License-Identifier: Apache-2.0 */
/* The finish of F32 convolutions in vectors of 256 bits. */
#define OCT_CODES 0
#define OCT_GROUP 1
#define OCT_SUMS 0
#include "runtime/backend/cpu/kernels/x86/vector_avx2.h"

typedef __m256 v_sum;
#define v_sum_load(at) _mm256_load_ps((const float *)(const void *)(at))

#include "runtime/backend/cpu/kernels/x86/finish.h"

finish_function *oct_finish_f32_avx2(int flags)
{
    return choose_finish(flags);
}
