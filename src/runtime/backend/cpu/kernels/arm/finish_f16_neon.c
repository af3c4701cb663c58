/* SPDX-License-Identifier: Apache-2.0 */
/* The finish of convolutions of halves whose sums are floats. */
#define OCT_CODES 0
#define OCT_GROUP 1
#define OCT_F16 1
#include "runtime/backend/cpu/kernels/arm/arm.h"
#include "runtime/backend/cpu/kernels/arm/vector_neon.h"

#include "runtime/backend/cpu/kernels/vector/finish.h"

finish_function *oct_finish_f16_neon(int flags)
{
    return choose_finish(flags);
}
