/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YOLOv8's and YOLO26's heads on the GPU, as far as they need none: where kernels find what they
 * read, what they are told to search for, and what becomes of the candidates that they find.
 * Candidates come in any order; what is selected of them is what the head's kind selects, to the
 * bit.
 */
#ifndef OCTET_RUNTIME_BACKEND_CUDA_GPU_HEAD_H
#define OCTET_RUNTIME_BACKEND_CUDA_GPU_HEAD_H

#include "runtime/backend/cuda/gpu_plan.h"
#include "runtime/head/nms.h"

/* Candidates of a slot that there is room for. A picture has tens at the usual confidences, and
 * hundreds to few thousands where average precision is measured; where there are more, the host
 * selects. */
#define OCT_GPU_CANDIDATES_MAX 4096

/* The kernels' parameters for a plan, but for the addresses of lists; those of tensors are relative
 * to the arena. False where the kernels cannot: a head of another kind, or one with an output that
 * is not a tensor of floats as a layer writes it. */
bool oct_gpu_head_plan(const struct oct_gpu_plan *plan, struct oct_gpu_head *head);

/* Turns the tensors' offsets into addresses. */
void oct_gpu_head_bind(struct oct_gpu_head *head, uint64_t arena);

/* Whether a step writes an output of the head, or a part of one. */
bool oct_gpu_head_waits(const struct oct_gpu_plan *plan, int step);

/* A struct oct_gpu_search and the bits behind it. Equal bytes ask for the same. */
size_t oct_gpu_search_bytes(int class_count);
void oct_gpu_search_make(const octet_detect_settings *settings, int class_count,
                         struct oct_gpu_search *search);

/* A slot's candidates: all that there are. */
struct oct_gpu_candidates {
    const struct oct_gpu_candidate *entries;
    int count;
    int *places; /* [anchors], scratch: where in `entries` an anchor has its box and best score */
};

/* As select() of struct oct_head_kind. Scratch has room for all of the candidates. */
int oct_gpu_candidates_select(const struct oct_gpu_candidates *candidates,
                              const octet_detect_settings *settings,
                              struct oct_select_scratch *scratch, octet_detection *detections,
                              int most);

#endif
