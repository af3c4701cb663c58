/* SPDX-License-Identifier: Apache-2.0 */
/* As tiles_avx2.h, where a product takes a register of its own before it is added. */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_TILES_AVX2_MADD_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_TILES_AVX2_MADD_H

/* clang-format off */
#define OCT_MOST_PIXELS {0, 12, 6, 3}
#define OCT_TILES(X)                                                                               \
    X(1, 1) X(2, 1) X(3, 1) X(4, 1) X(5, 1) X(6, 1) X(7, 1) X(8, 1) X(9, 1) X(10, 1)               \
    X(11, 1) X(12, 1)                                                                              \
    X(1, 2) X(2, 2) X(3, 2) X(4, 2) X(5, 2) X(6, 2)                                                \
    X(1, 3) X(2, 3) X(3, 3)
/* clang-format on */

#endif
