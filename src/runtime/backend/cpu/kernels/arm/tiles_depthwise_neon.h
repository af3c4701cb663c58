/* SPDX-License-Identifier: Apache-2.0 */
/* The tiles of depthwise convolutions that 32 registers hold beside addresses for each pixel. */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_ARM_TILES_DEPTHWISE_NEON_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_ARM_TILES_DEPTHWISE_NEON_H

/* clang-format off */
#define OCT_MOST_PIXELS {0, 6, 5, 3, 2}
#define OCT_TILES(X)                                                                               \
    X(1, 1) X(2, 1) X(3, 1) X(4, 1) X(5, 1) X(6, 1)                                                \
    X(1, 2) X(2, 2) X(3, 2) X(4, 2) X(5, 2)                                                        \
    X(1, 3) X(2, 3) X(3, 3)                                                                        \
    X(1, 4) X(2, 4)
/* clang-format on */

#endif
