/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OCTET_COMPILER_QUANTIZE_MOMENTS_H
#define OCTET_COMPILER_QUANTIZE_MOMENTS_H

#include "compiler/calibrate/statistics.h"
#include "compiler/quantize/weights.h"

/* Mean and deviation of one channel of a tensor. */
struct oct_moments oct_moments_of(const struct oct_tensor_record *record, int channel);

/* Of all channels of all layers' outputs, as struct oct_scheme has them; memory is of the arena. */
octet_status oct_moments_make(octet_context *ctx, struct oct_arena *arena,
                              const struct oct_network *network, const octet_statistics *statistics,
                              const struct oct_moments *const **moments);

#endif
