/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions of codes whose finish is another: floats for the head, no SiLU, mixed types. */
#include "runtime/backend/cuda/kernels/conv.cuh"
#include "runtime/backend/cuda/kernels/conv_tiles.h"

#define VALUES(...) CONV_KERNEL(conv_u8_values, Codes, __VA_ARGS__, FINISH_VALUES)
OCT_CONV_TILES(VALUES)

#define ANY(...) CONV_KERNEL(conv_u8_any, Codes, __VA_ARGS__, FINISH_ANY)
OCT_CONV_TILES_FEW(ANY)
