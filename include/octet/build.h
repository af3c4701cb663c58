/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OCTET_BUILD_H
#define OCTET_BUILD_H

#include <octet/calibrate.h>
#include <octet/engine.h>
#include <octet/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Settings of a build. Fill with octet_build_defaults(). */
typedef struct octet_build_settings {
    octet_precision precision; /**< OCTET_PRECISION_INT8 (default) or OCTET_PRECISION_FP32 */
    const char
        *calibrator; /**< "mse" (default, also NULL), "minmax", "percentile[:P]" (P over 50,
                          at most 100, default 99.999), "entropy", "minmax-trt"; not for FP32 */
    size_t reserved[8];
} octet_build_settings;

OCTET_API void octet_build_defaults(octet_build_settings *settings);

/**
 * Makes an engine. INT8 needs `statistics` made from the same model: others are refused with
 * OCTET_MISMATCH. FP32 needs none (NULL). On success the caller owns `*engine`, which does not
 * refer to the model or the statistics.
 */
OCTET_API octet_status octet_build(octet_context *context, const octet_model *model,
                                   const octet_statistics *statistics,
                                   const octet_build_settings *settings, octet_engine **engine);

#ifdef __cplusplus
}
#endif
#endif
