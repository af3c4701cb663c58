/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tiles that convolutions come in, one row each:
 *   X(pixels, channels, M, N, K, I, J)
 * A block has M * N * K warps. M of them stand along the pixels, N along the output channels, K
 * share the depth. A warp works out I blocks of 16 pixels times J blocks of 8 channels. Names carry
 * pixels = 16 * M * I, channels = 8 * N * J and K. J is even.
 */
#ifndef OCTET_RUNTIME_BACKEND_CUDA_KERNELS_CONV_TILES_H
#define OCTET_RUNTIME_BACKEND_CUDA_KERNELS_CONV_TILES_H

#define OCT_CONV_TILES(X)                                                                          \
    X(64, 32, 4, 1, 1, 1, 4)                                                                       \
    X(128, 32, 4, 1, 1, 2, 4)                                                                      \
    X(128, 64, 4, 1, 1, 2, 8)                                                                      \
    X(64, 64, 2, 2, 1, 2, 4)                                                                       \
    X(256, 16, 4, 1, 1, 4, 2)                                                                      \
    X(256, 32, 4, 1, 1, 4, 4)                                                                      \
    X(128, 16, 4, 1, 1, 2, 2)                                                                      \
    X(64, 80, 4, 1, 1, 1, 10)                                                                      \
    X(128, 80, 4, 1, 1, 2, 10)                                                                     \
    X(32, 32, 1, 1, 4, 2, 4)                                                                       \
    X(16, 32, 1, 1, 4, 1, 4)                                                                       \
    X(32, 64, 1, 1, 4, 2, 8)                                                                       \
    X(32, 16, 1, 1, 4, 2, 2)                                                                       \
    X(64, 16, 1, 1, 4, 4, 2)                                                                       \
    X(64, 32, 2, 1, 2, 2, 4)                                                                       \
    X(64, 64, 2, 1, 2, 2, 8)                                                                       \
    X(128, 128, 4, 2, 1, 2, 8)                                                                     \
    X(256, 64, 4, 2, 1, 4, 4)

/* Those of 3x3 convolutions with stride 1 that read each row of the patch once for all three rows
 * of taps: a warp's blocks are 16 pixels wide and stand below each other. Names end in "r". */
#define OCT_CONV_TILES_ROWS(X)                                                                     \
    X(256, 16, 4, 1, 1, 4, 2)                                                                      \
    X(256, 32, 4, 1, 1, 4, 4)                                                                      \
    X(128, 64, 2, 2, 1, 4, 4)                                                                      \
    X(256, 64, 4, 2, 1, 4, 4)                                                                      \
    X(128, 32, 2, 1, 2, 4, 4)                                                                      \
    X(64, 32, 1, 1, 4, 4, 4)                                                                       \
    X(64, 16, 1, 1, 4, 4, 2)

/* Those that every kind of finish and BF16 come in. The first of them fits all channels, and shared
 * memory of 99 KB a block with kernels up to 5 and strides up to 4, 6 and 3, 7 and 2. */
#define OCT_CONV_TILES_FEW(X)                                                                      \
    X(128, 16, 4, 1, 1, 2, 2)                                                                      \
    X(128, 32, 4, 1, 1, 2, 4)                                                                      \
    X(64, 64, 2, 2, 1, 2, 4)                                                                       \
    X(32, 32, 1, 1, 4, 2, 4)

#endif
