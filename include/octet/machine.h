/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OCTET_MACHINE_H
#define OCTET_MACHINE_H

#include <octet/context.h>

OCTET_BEGIN_DECLARATIONS

/** What this machine is, as far as octet uses it. */
typedef struct octet_machine {
    char cpu[96]; /**< the processor's own name */
    /** usable sets, lowest first, separated by spaces: "ref avx2 avx512vnni" */
    char kernel_sets[128];
    char best[24];      /**< the one that runs INT8 */
    int physical_cores; /**< that this process may use (its affinity mask) */
    int threads;        /**< the default: the big cores, or what a CPU quota pays for in whole */
    double cpu_quota;   /**< of this process' control groups, in processors; 0: none */
    int big_cores;      /**< of these: fewer only on ARM processors with cores of several kinds */
    size_t reserved[6];
} octet_machine;

OCTET_API void octet_machine_get(octet_machine *machine);

/** Measures what one core does in register-only loops of 0.3 s, 10^9 multiply-adds a second: INT8
 * and BF16 as the kernels of set `cpu` (as in octet_session_settings) do them, and FP32. */
OCTET_API octet_status octet_machine_peak(octet_context *context, const char *cpu,
                                          double *int8_gmacs, double *bf16_gmacs,
                                          double *fp32_gmacs);

/** What a GPU is, as far as octet uses it. */
typedef struct octet_gpu {
    char name[96];
    int compute_major, compute_minor; /**< compute capability */
    int multiprocessors;
    int clock_khz, memory_clock_khz; /**< the highest; 0: not known */
    int integrated;                  /**< 1: it shares the machine's memory */
    int driver_version; /**< of CUDA, that the driver supports: 12040 is 12.4; 0: no driver */
    size_t memory_bytes, l2_bytes;
    size_t reserved[8];
} octet_gpu;

/** GPUs are the numbers 0 to OCTET_GPUS_MAX - 1. */
#define OCTET_GPUS_MAX 64

/** Where a session with this `device` (as in octet_session_settings) runs: on GPU `*gpu`, 0 for
 * "auto" too, or -1, the CPU. OCTET_INVALID_ARGUMENT where it is no such word. Opens nothing. */
OCTET_API octet_status octet_machine_device(const char *device, int *gpu);

/** Describes GPU `index`. OCTET_UNSUPPORTED_DEVICE, with one line about the reason, where
 * octet cannot run on it: liboctet-cuda is not installed, there is no driver or it is too old, no
 * such GPU, or one below compute capability 8.0. `gpu` then has what could be found out. */
OCTET_API octet_status octet_machine_gpu(octet_context *context, int index, octet_gpu *gpu);

/** What a GPU does at most. */
typedef struct octet_gpu_peak {
    double int8_gmacs, bf16_gmacs, fp32_gmacs; /**< 10^9 multiply-adds a second, of all of it */
    int clock_khz; /**< of its multiprocessors in the INT8 loop; 0: not known */
    size_t reserved[4];
} octet_gpu_peak;

/** Measures what GPU `index` does in register-only loops of 0.3 s by the instructions of octet's
 * kernels. Fails as octet_machine_gpu() does, OCTET_DEVICE_FAILED or OCTET_OUT_OF_MEMORY. */
OCTET_API octet_status octet_machine_gpu_peak(octet_context *context, int index,
                                              octet_gpu_peak *peak);

/** What a GPU's speed depends on, beside what it is; 0 or "" where it is not known. */
typedef struct octet_gpu_state {
    int clock_khz;       /**< of its multiprocessors, measured while they work */
    int clock_limit_khz; /**< what a Jetson's settings allow: its power mode, by devfreq */
    int power_limit_mw, power_default_mw; /**< in force, and the card's own (NVML) */
    int power_mode;                       /**< a Jetson's (nvpmodel); -1: not known */
    char power_mode_name[64];
    /** what holds the clocks down while it works (NVML), with commas between: "heat" */
    char held_down_by[128];
    size_t reserved[8];
} octet_gpu_state;

/** Finds that out for GPU `index`, which works for some 0.1 s meanwhile. Fails as
 * octet_machine_gpu_peak() does. */
OCTET_API octet_status octet_machine_gpu_state(octet_context *context, int index,
                                               octet_gpu_state *state);

OCTET_END_DECLARATIONS
#endif
