/* SPDX-License-Identifier: Apache-2.0 */
/* The finish of F32 convolutions in vectors of 256 bits. */
#define OCT_CODES 0
#define OCT_GROUP 1
#include "runtime/backend/cpu/kernels/x86/vector_avx2.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

#include "runtime/backend/cpu/kernels/vector/finish.h"

finish_function *oct_finish_f32_avx2(int flags)
{
    return choose_finish(flags);
}
