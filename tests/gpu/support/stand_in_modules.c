/* SPDX-License-Identifier: Apache-2.0 */
/* The list of kernels that cmake/cuda.cmake puts into the library, for the stand-in of the driver:
 * a module's image is its name. */
#include "runtime/backend/cuda/gpu_device.h"

static const struct oct_gpu_module modules[] = {
    {"conv_bf16", "conv_bf16"},
    {"conv_f32", "conv_f32"},
    {"conv_u8", "conv_u8"},
    {"conv_u8_any", "conv_u8_any"},
    {"input", "input"},
    {"head", "head"},
    {"conv_u8_residual", "conv_u8_residual"},
    {"attention", "attention"},
    {"attention_values", "attention_values"},
    {"depthwise", "depthwise"},
    {"moves", "moves"},
    {"pools", "pools"},
    {"peak", "peak"},
    {"pixels", "pixels"},
};

const struct oct_gpu_module *oct_gpu_modules(int *count)
{
    *count = (int)(sizeof modules / sizeof *modules);
    return modules;
}
