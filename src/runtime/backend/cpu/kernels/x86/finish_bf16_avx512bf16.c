/* SPDX-License-Identifier: Apache-2.0 */
/* The finish of BF16 convolutions. */
#define OCT_CODES 0
#define OCT_GROUP 2
#include "runtime/backend/cpu/kernels/x86/vector_avx512.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

#include "runtime/backend/cpu/kernels/vector/finish.h"

finish_function *oct_finish_bf16_avx512bf16(int flags)
{
    return choose_finish(flags);
}
