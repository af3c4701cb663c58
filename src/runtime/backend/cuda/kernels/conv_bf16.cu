/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions of bfloat16 on tensor cores, with float sums. */
#include "runtime/backend/cuda/kernels/conv.cuh"
#include "runtime/backend/cuda/kernels/conv_tiles.h"

#define SILU(...) CONV_KERNEL(conv_bf16_silu, Bfloats, __VA_ARGS__, FINISH_SILU)
OCT_CONV_TILES(SILU)

#define SILU_ROWS(...) CONV_ROWS_KERNEL(conv_bf16_silu, Bfloats, __VA_ARGS__, FINISH_SILU)
OCT_CONV_TILES_ROWS(SILU_ROWS)

#define VALUES(...) CONV_KERNEL(conv_bf16_values, Bfloats, __VA_ARGS__, FINISH_VALUES)
OCT_CONV_TILES_FEW(VALUES)

#define ANY(...) CONV_KERNEL(conv_bf16_any, Bfloats, __VA_ARGS__, FINISH_ANY)
OCT_CONV_TILES_FEW(ANY)
