/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the CPU sessions of one engine share: the constants of its convolutions, which follow from
 * the network and the set of scales alone, and packed weights, which all sets have in common. These
 * follow from the layer, the kernel, and what the kernel's packing sees of the shape: sessions
 * share, layer by layer, what is alike in both, and pack the rest. What is there does not change
 * while anybody holds it. Private to this folder.
 */
#ifndef OCTET_RUNTIME_BACKEND_CPU_SHARED_WEIGHTS_H
#define OCTET_RUNTIME_BACKEND_CPU_SHARED_WEIGHTS_H

#include "network/network.h"
#include "runtime/backend/cpu/kernels/kernels.h"

/* Of struct oct_conv_job and struct oct_conv_shape. */
struct oct_conv_constants {
    const int32_t *start;
    const float *scale, *bias;
    int32_t reach;
};

/* A convolution's packed weights. */
struct oct_pack {
    const struct oct_conv_kernel *kernel; /* NULL: the block has none of this layer */
    struct oct_conv_shape shape;          /* as oct_conv_packed_shape() has it */
    const void *packed;
};

/* What one session had to pack when it opened, in one piece of memory, of which the system can make
 * large pages. It ends with the last session that holds some of it. */
struct oct_pack_block {
    struct oct_pack_block *next;
    int holders; /* one for each session and layer */
    char *memory;
    struct oct_pack packs[]; /* [layers] */
};

struct oct_cpu_weights {
    int sessions;
    struct oct_arena arena;
    struct oct_conv_constants **constants; /* [sets of scales][layers]; NULL: of no session yet */
    struct oct_pack_block *blocks;         /* no layer's pack is in two of them */
};

#endif
