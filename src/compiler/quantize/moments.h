/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OCTET_COMPILER_QUANTIZE_MOMENTS_H
#define OCTET_COMPILER_QUANTIZE_MOMENTS_H

#include "compiler/calibrate/statistics.h"
#include "compiler/quantize/weights.h"

/* Mean and deviation of one channel of a tensor. */
struct oct_moments oct_moments_of(const struct oct_tensor_record *record, int channel);

#endif
