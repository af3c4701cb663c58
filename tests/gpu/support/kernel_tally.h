/* SPDX-License-Identifier: Apache-2.0 */
/* How often each of the library's kernels was tried. */
#ifndef OCTET_TESTS_GPU_SUPPORT_KERNEL_TALLY_H
#define OCTET_TESTS_GPU_SUPPORT_KERNEL_TALLY_H

#include <stdbool.h>

#include "runtime/backend/cuda/gpu_plan.h"

enum { TALLY_KERNELS = 192 };

struct kernel_tally {
    int count;
    char names[TALLY_KERNELS][OCT_GPU_NAME_BYTES];
    int cases[TALLY_KERNELS];
};

/* All kernels that src/runtime/backend/cuda/kernels defines, tried 0 times. */
void kernel_tally_init(struct kernel_tally *tally);

/* One case more; fails the running test where there is no kernel of that name. */
void kernel_tally_add(struct kernel_tally *tally, const char *name);

/* Prints a line a family; false where a kernel had no case. */
bool kernel_tally_print(const struct kernel_tally *tally);

#endif
