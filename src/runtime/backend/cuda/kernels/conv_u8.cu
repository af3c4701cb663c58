/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions of codes, with the finishes that nearly all layers have. */
#include "runtime/backend/cuda/kernels/conv.cuh"
#include "runtime/backend/cuda/kernels/conv_tiles.h"

#define SILU(...) CONV_KERNEL(conv_u8_silu, Codes, __VA_ARGS__, FINISH_SILU)
OCT_CONV_TILES(SILU)

#define SILU_ROWS(...) CONV_ROWS_KERNEL(conv_u8_silu, Codes, __VA_ARGS__, FINISH_SILU)
OCT_CONV_TILES_ROWS(SILU_ROWS)
