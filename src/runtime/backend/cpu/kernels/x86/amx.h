/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AMX' tile instructions by name. Tiles are named by a digit, 0 to 7. Inline assembly, because
 * compilers' own functions say too little of the memory that they read, and keep no order between
 * a store to memory and the load of it into a tile. A thread's tiles are in use from
 * AMX_CONFIGURE() to AMX_RELEASE().
 *
 * Tests define OCTET_AMX_EMULATION as a header that gives the same names in plain C.
 */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_AMX_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_AMX_H

#include <stddef.h>
#include <stdint.h>

enum { AMX_ROWS = 16, AMX_ROW_BYTES = 64, AMX_TILE_BYTES = AMX_ROWS * AMX_ROW_BYTES };

/* The layout that the instruction reads. */
struct amx_config {
    _Alignas(64) uint8_t palette; /* 1: eight tiles of at most 16 rows of 64 bytes */
    uint8_t start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};

#ifdef OCTET_AMX_EMULATION
#include OCTET_AMX_EMULATION
#else
/* `config`: a struct amx_config, not a pointer. Zeroes all tiles. */
#define AMX_CONFIGURE(config) __asm__ volatile("ldtilecfg %0" : : "m"(config) : "memory")
#define AMX_ZERO(tile) __asm__ volatile("tilezero %%tmm" #tile : :)
#define AMX_RELEASE() __asm__ volatile("tilerelease" : : : "memory")
/* Row r of the tile from or to `at` + r * `stride`, bytes. */
#define AMX_LOAD(tile, at, stride)                                                                 \
    __asm__ volatile("tileloadd (%0,%1,1), %%tmm" #tile                                            \
                     :                                                                             \
                     : "r"(at), "r"((size_t)(stride))                                              \
                     : "memory")
#define AMX_STORE(tile, at, stride)                                                                \
    __asm__ volatile("tilestored %%tmm" #tile ", (%0,%1,1)"                                        \
                     :                                                                             \
                     : "r"(at), "r"((size_t)(stride))                                              \
                     : "memory")
/* sum[m][n] += the products of row m of `a`, U8, and column n of `b`, S8: rows of four bytes of
 * depth for each n. */
#define AMX_MULTIPLY_U8_S8(sum, a, b)                                                              \
    __asm__ volatile("tdpbusd %%tmm" #b ", %%tmm" #a ", %%tmm" #sum : :)
/* The same of BF16, two elements of depth in four bytes, sums float. */
#define AMX_MULTIPLY_BF16(sum, a, b)                                                               \
    __asm__ volatile("tdpbf16ps %%tmm" #b ", %%tmm" #a ", %%tmm" #sum : :)
#endif

#endif
