/* SPDX-License-Identifier: Apache-2.0 */
/* Which tile each convolution of a plan gets: tried out on the GPU, and remembered in a file. */
#ifndef OCTET_RUNTIME_BACKEND_CUDA_GPU_TUNE_H
#define OCTET_RUNTIME_BACKEND_CUDA_GPU_TUNE_H

#include "runtime/backend/cuda/gpu_device.h"

/* What is chosen for a convolution. */
struct oct_gpu_choice {
    const struct oct_gpu_tile *tile; /* NULL: nothing was */
    int chunk_groups;
};

/* Steps whose convolutions are alike in all that takes time have one number, from 0 on, in
 * `problems`, [steps]; others have -1. Returns how many numbers there are. */
int oct_gpu_problems(const struct oct_gpu_plan *plan, int *problems);

/* What a step could be given, in `choices` of room for OCT_GPU_CHOICES_MAX; returns how many. */
#define OCT_GPU_CHOICES_MAX 128
int oct_gpu_candidates(const struct oct_gpu_plan *plan, const struct oct_gpu_step *step,
                       struct oct_gpu_choice *choices);

/* Gives a step what was chosen for it; false when it does not fit it. */
bool oct_gpu_choose(const struct oct_gpu_plan *plan, struct oct_gpu_step *step,
                    const struct oct_gpu_choice *choice);

/* Times the candidates of every problem, and gives all steps the fastest. `activations` is the
 * arena's address. What stood in the arena is lost. Takes half a second or so. */
octet_status oct_gpu_tune(struct oct_gpu_device *device, struct oct_gpu_plan *plan,
                          uint64_t activations, oct_cuda_stream stream);

/* ---- the file (tile_file.c): `folder`/cuda-DIGITS.tiles, the digits of the GPU and the problems
 * ---- */

/* Gives all steps what the file says; false, with the plan as it was, where there is none, or it is
 * not a whole one for this plan. */
bool oct_gpu_tiles_read(octet_context *ctx, const char *folder, const struct oct_gpu_facts *facts,
                        struct oct_gpu_plan *plan);
/* Writes what the steps have. That it cannot be written is only logged. */
void oct_gpu_tiles_write(octet_context *ctx, const char *folder, const struct oct_gpu_facts *facts,
                         const struct oct_gpu_plan *plan);

#endif
