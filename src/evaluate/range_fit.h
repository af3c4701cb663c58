/* SPDX-License-Identifier: Apache-2.0 */
/* How ranges that were chosen from some pictures fit others. */
#ifndef OCTET_EVALUATE_RANGE_FIT_H
#define OCTET_EVALUATE_RANGE_FIT_H

#include <octet/drift.h>

#include "compiler/calibrate/statistics.h"
#include "compiler/quantize/activation.h"
#include "network/quantization.h"

/* See octet_ranges_fit(). */
octet_status oct_ranges_fit(octet_context *ctx, const octet_statistics *statistics,
                            const char *calibrator, const octet_engine *engine,
                            const octet_statistics *others, octet_range_fit *ranges,
                            octet_fit *fit);

/* See octet_drift_fit(). */
void oct_drift_fit(const octet_drift *drift, octet_range_fit *ranges, octet_fit *fit);

/* One tensor: a coding on what was seen of it, beside the one that a calibrator (NULL: none) makes
 * of that. */
octet_range_fit oct_range_fit(const struct oct_tensor_record *record,
                              struct oct_quantization coding,
                              const struct oct_calibrator *calibrator);

/* The verdict over tensors, which are put in order. */
octet_fit oct_fit_of(octet_range_fit *ranges, int count);

#endif
