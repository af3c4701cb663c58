/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses training's kernels. */
#include "train/kernels/train_kernels.h"

#include "runtime/backend/cpu/features/features.h"

void oct_train_kernels_fill(struct oct_train_kernels *kernels, unsigned sets)
{
    oct_train_kernels_fill_plain(kernels);
#ifdef __x86_64__
    if (sets & OCT_CPU_AVX2)
        oct_train_kernels_fill_avx2(kernels);
    if (sets & OCT_CPU_AVX512)
        oct_train_kernels_fill_avx512(kernels);
#else
    (void)sets;
#endif
}
