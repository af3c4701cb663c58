/* SPDX-License-Identifier: Apache-2.0 */
/* The finish of U8 convolutions in vectors of 512 bits. */
#define OCT_CODES 1
#define OCT_GROUP 4
#include "runtime/backend/cpu/kernels/x86/vector_avx512.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

#include "runtime/backend/cpu/kernels/vector/finish.h"

finish_function *oct_finish_u8_avx512(int flags)
{
    return choose_finish(flags);
}
