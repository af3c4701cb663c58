/* SPDX-License-Identifier: Apache-2.0 */
/* The finish of BF16 convolutions. */
#define OCT_CODES 0
#define OCT_GROUP 2
#define OCT_SUMS 0
#include "runtime/backend/cpu/kernels/x86/vector_avx512.h"

typedef __m512 v_sum;
#define v_sum_load(at) _mm512_load_ps(at)

#include "runtime/backend/cpu/kernels/x86/finish.h"

finish_function *oct_finish_bf16_avx512bf16(int flags)
{
    return choose_finish(flags);
}
