/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions of codes, with SiLU and a residual of codes. */
#include "runtime/backend/cuda/kernels/conv.cuh"
#include "runtime/backend/cuda/kernels/conv_tiles.h"

#define RESIDUAL(...) CONV_KERNEL(conv_u8_residual, Codes, __VA_ARGS__, FINISH_SILU_RESIDUAL)
OCT_CONV_TILES(RESIDUAL)

#define RESIDUAL_ROWS(...)                                                                         \
    CONV_ROWS_KERNEL(conv_u8_residual, Codes, __VA_ARGS__, FINISH_SILU_RESIDUAL)
OCT_CONV_TILES_ROWS(RESIDUAL_ROWS)
