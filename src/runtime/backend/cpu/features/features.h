/* SPDX-License-Identifier: Apache-2.0 */
/* What this processor and its operating system can do, as bundles of features that kernels need
 * together. */
#ifndef OCTET_RUNTIME_BACKEND_CPU_FEATURES_FEATURES_H
#define OCTET_RUNTIME_BACKEND_CPU_FEATURES_FEATURES_H

#include "base/messages.h"

/* Kernel sets as bits, lowest first. A set contains all before it that the machine has. */
enum oct_cpu_set {
    OCT_CPU_REF = 1 << 0,
    OCT_CPU_AVX2 = 1 << 1,       /* AVX2, FMA, F16C, and YMM state kept by the system */
    OCT_CPU_AVXVNNI = 1 << 2,    /* 256-bit VNNI in VEX encoding */
    OCT_CPU_AVX512 = 1 << 3,     /* F, BW, VL, DQ, and ZMM state kept by the system */
    OCT_CPU_AVX512VNNI = 1 << 4, /* and VNNI */
    OCT_CPU_AVX512BF16 = 1 << 5, /* and BF16: dot products of bfloat16 pairs */
    OCT_CPU_AMX = 1 << 6,        /* TILE, INT8, BF16, and the system's permission */
    OCT_CPU_NEON = 1 << 7,       /* 64-bit ARM's vectors, which fuse multiply and add */
    OCT_CPU_FP16 = 1 << 8,       /* and arithmetic of IEEE halves */
    OCT_CPU_DOTPROD = 1 << 9,    /* 8-bit dot products: SDOT, UDOT */
    OCT_CPU_I8MM = 1 << 10       /* and 8-bit matrix products: SMMLA, USMMLA, and USDOT */
};

/* The sets this machine can run; always contains OCT_CPU_REF. Does not change anything. */
unsigned oct_cpu_sets(void);

/* Those of a 64-bit ARM processor of which the system says AT_HWCAP and AT_HWCAP2 (getauxval()). A
 * system older than a set does not know of it (Linux before 4.11: fp16, before 4.16: dotprod,
 * before 5.6: i8mm), and yet its programs can use it: such a set counts where proc/cpuinfo, below
 * `root` ("": of this machine), names only cores that have it. */
unsigned oct_arm_sets(unsigned long hwcap, unsigned long hwcap2, const char *root);

/* Asks the system for what the sets need beyond being there: for AMX, leave to use tile data
 * (ARCH_REQ_XCOMP_PERM). Linux gives it to the whole process, its running threads and its children
 * included, and never takes it back; from then on an alternate signal stack must have room for
 * tiles (AT_MINSIGSTKSZ). Returns the sets, without OCT_CPU_AMX where the system refuses. */
unsigned oct_cpu_enable(unsigned sets);

/* "ref", "avx2", "avxvnni", "avx512", "avx512vnni", "avx512bf16", "amx", "neon", "fp16", "dotprod",
 * "i8mm"; NULL for a value that is no single set. */
const char *oct_cpu_set_name(unsigned set);

/*
 * The sets allowed by a mask given by people:
 *   NULL, "" or "max"          all that the machine has
 *   a name                     that set and those below it
 *   names with commas between  just these and ref
 * Refused (OCTET_UNSUPPORTED_CPU) where the machine lacks what is named.
 * "avx512" and "avx512vnni" do not include "avxvnni"'s kernels' precedence: higher bits win.
 */
octet_status oct_cpu_parse(octet_context *ctx, const char *list, unsigned *sets);

/* The processor's own name, NUL-terminated, cut to `size` bytes. */
void oct_cpu_name(char *name, int size);

#endif
