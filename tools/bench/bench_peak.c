/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the peaks is whose. */
#include "bench/bench_peak.h"

double peak_of(const struct bench_peak *peak, octet_precision precision)
{
    return precision == OCTET_PRECISION_FP32   ? peak->fp32_gmacs
           : precision == OCTET_PRECISION_BF16 ? peak->bf16_gmacs
                                               : peak->int8_gmacs;
}
