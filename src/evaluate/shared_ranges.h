/* SPDX-License-Identifier: Apache-2.0 */
/* What sharing one range costs each part of statistics. */
#ifndef OCTET_EVALUATE_SHARED_RANGES_H
#define OCTET_EVALUATE_SHARED_RANGES_H

#include <octet/drift.h>

/* See octet_ranges_shared(). */
octet_status oct_ranges_shared(octet_context *ctx, const octet_statistics *statistics,
                               const char *calibrator, octet_shared_range *ranges);

#endif
