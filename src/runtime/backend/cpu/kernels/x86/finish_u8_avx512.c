/* SPDX-License-Identifier: Apache-2.0 */
/* The finish of U8 convolutions in vectors of 512 bits. */
#define OCT_CODES 1
#define OCT_GROUP 4
#define OCT_SUMS 0
#include "runtime/backend/cpu/kernels/x86/vector_avx512.h"

typedef __m512i v_sum;
#define v_sum_load(at) _mm512_load_si512(at)

#include "runtime/backend/cpu/kernels/x86/finish.h"

finish_function *oct_finish_u8_avx512(int flags)
{
    return choose_finish(flags);
}
