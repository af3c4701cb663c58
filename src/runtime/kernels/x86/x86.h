/* SPDX-License-Identifier: Apache-2.0 */
/* The x86 kernels, as the harness' list names them. */
#ifndef OCTET_RUNTIME_KERNELS_X86_X86_H
#define OCTET_RUNTIME_KERNELS_X86_X86_H

#include "runtime/kernels/kernels.h"

/* By the vectors of output channels that a tile holds, 1 to ... */
enum { OCT_TILE_WIDTHS = 5 };

extern const struct oct_conv_kernel *const oct_conv_f32_avx512[OCT_TILE_WIDTHS];
extern const struct oct_conv_kernel *const oct_conv_u8_avx512vnni[OCT_TILE_WIDTHS];

#endif
