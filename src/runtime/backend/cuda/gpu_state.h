/* SPDX-License-Identifier: Apache-2.0 */
/* A GPU at work: what octet_machine_gpu_peak() and octet_machine_gpu_state() tell, which come
 * zeroed. */
#ifndef OCTET_RUNTIME_BACKEND_CUDA_GPU_STATE_H
#define OCTET_RUNTIME_BACKEND_CUDA_GPU_STATE_H

#include <octet/machine.h>

octet_status oct_gpu_measure_peak(octet_context *ctx, int index, octet_gpu_peak *peak);
octet_status oct_gpu_find_state(octet_context *ctx, int index, octet_gpu_state *state);

#endif
