/* SPDX-License-Identifier: Apache-2.0 */
/* The ARM kernels, as the table and the harness name them. */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_ARM_ARM_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_ARM_ARM_H

#include "runtime/backend/cpu/kernels/kernels.h"
#include "runtime/backend/cpu/kernels/vector/contract.h"

extern const struct oct_conv_kernel oct_conv_u8_neon, oct_conv_u8_dotprod, oct_conv_u8_i8mm;

/* The finish for FINISH_* flags (finish_job.h). */
finish_function *oct_finish_u8_neon(int flags);

/* Parts of oct_kernels_fill_neon(). */
void oct_fill_u8_neon(struct oct_kernels *kernels);
void oct_fill_pools_neon(struct oct_kernels *kernels);

#endif
