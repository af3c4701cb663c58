/* SPDX-License-Identifier: Apache-2.0 */
/* The tiles of 20 squares, in two to four. */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_TILES_WINOGRAD_AVX512_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_TILES_WINOGRAD_AVX512_H

/* clang-format off */
#define OCT_MOST_PIXELS {0, 10, 10, 7, 5, 5}
#define OCT_TILES(X)                                                                               \
    X(1, 1) X(2, 1) X(3, 1) X(4, 1) X(5, 1) X(6, 1) X(7, 1) X(8, 1) X(9, 1) X(10, 1)               \
    X(1, 2) X(2, 2) X(3, 2) X(4, 2) X(5, 2) X(6, 2) X(7, 2) X(8, 2) X(9, 2) X(10, 2)               \
    X(1, 3) X(2, 3) X(3, 3) X(4, 3) X(5, 3) X(6, 3) X(7, 3)                                        \
    X(1, 4) X(2, 4) X(3, 4) X(4, 4) X(5, 4)                                                        \
    X(1, 5) X(2, 5) X(3, 5) X(4, 5) X(5, 5)
/* clang-format on */

#endif
