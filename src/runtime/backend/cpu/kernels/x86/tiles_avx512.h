/* SPDX-License-Identifier: Apache-2.0 */
/* The tiles that 32 registers hold: sums, a vector of weights for each vector of channels, and one
 * input. */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_TILES_AVX512_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_TILES_AVX512_H

/* clang-format off */
#define OCT_MOST_PIXELS {0, 20, 14, 9, 6, 5}
#define OCT_TILES(X)                                                                               \
    X(1, 1) X(2, 1) X(3, 1) X(4, 1) X(5, 1) X(6, 1) X(7, 1) X(8, 1) X(9, 1) X(10, 1)               \
    X(11, 1) X(12, 1) X(13, 1) X(14, 1) X(15, 1) X(16, 1) X(17, 1) X(18, 1) X(19, 1) X(20, 1)      \
    X(1, 2) X(2, 2) X(3, 2) X(4, 2) X(5, 2) X(6, 2) X(7, 2) X(8, 2) X(9, 2) X(10, 2)               \
    X(11, 2) X(12, 2) X(13, 2) X(14, 2)                                                            \
    X(1, 3) X(2, 3) X(3, 3) X(4, 3) X(5, 3) X(6, 3) X(7, 3) X(8, 3) X(9, 3)                        \
    X(1, 4) X(2, 4) X(3, 4) X(4, 4) X(5, 4) X(6, 4)                                                \
    X(1, 5) X(2, 5) X(3, 5) X(4, 5) X(5, 5)
/* clang-format on */

#endif
