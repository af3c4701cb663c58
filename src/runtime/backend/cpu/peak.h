/* SPDX-License-Identifier: Apache-2.0 */
/* What one core does in register-only loops. */
#ifndef OCTET_RUNTIME_BACKEND_CPU_PEAK_H
#define OCTET_RUNTIME_BACKEND_CPU_PEAK_H

#include <octet/status.h>

/* In 10^9 multiply-adds a second; BF16 as it is stored: IEEE's half
 * on some processors, FP32 where no kernel multiplies halves. */
struct oct_cpu_peak {
    double int8, bf16, fp32;
};

/* Measures with the kernels of `sets`, see oct_cpu_parse(). Takes about 0.3 s. */
struct oct_cpu_peak oct_cpu_measure_peak(unsigned sets);

#endif
