/* SPDX-License-Identifier: Apache-2.0 */
/* The most that a core can do, by which models and layers are measured. */
#ifndef TOOLS_BENCH_PEAK_H
#define TOOLS_BENCH_PEAK_H

#include <octet/octet.h>

/* Of one core, 10^9 multiply-adds a second; 0: not measured. */
struct bench_peak {
    double int8_gmacs, bf16_gmacs, fp32_gmacs;
};

/* The one that an engine or a layer is measured by. */
double peak_of(const struct bench_peak *peak, octet_precision precision);

#endif
