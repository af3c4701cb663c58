/* SPDX-License-Identifier: Apache-2.0 */
/* What a step of a plan reads and writes, from its parameters. */
#ifndef OCTET_TESTS_GPU_SUPPORT_STEP_ACCESSES_H
#define OCTET_TESTS_GPU_SUPPORT_STEP_ACCESSES_H

#include "runtime/backend/cuda/gpu_plan.h"

enum { ACCESSES_MAX = OCT_GPU_SOURCES_MAX + 4 };

/* Bytes of each pixel of all pictures. */
struct step_access {
    uint64_t data; /* in the arena */
    int64_t image;
    int row, pixel, height, width, bytes;
};

struct step_accesses {
    int read_count, write_count;
    struct step_access reads[ACCESSES_MAX], writes[ACCESSES_MAX];
};

/* Of all pictures that the step is for. */
struct step_accesses step_accesses_of(const struct oct_gpu_step *step);

#endif
