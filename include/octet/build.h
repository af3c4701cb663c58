/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OCTET_BUILD_H
#define OCTET_BUILD_H

#include <octet/calibrate.h>
#include <octet/export.h>

OCTET_BEGIN_DECLARATIONS

/** Settings of a build. Fill with octet_build_defaults(). */
typedef struct octet_build_settings {
    octet_precision precision; /**< OCTET_PRECISION_INT8 (default), _BF16 or _FP32 */
    /** "mse" (default, also NULL), "minmax", "percentile[:P]" (P over 50, at most 100,
     * default 99.999), "entropy", "minmax-trt"; for INT8 */
    const char *calibrator;
    /** convolutions that an INT8 engine keeps float: "none" (default, also NULL), or words with
     * commas between: a part ("stem", "backbone", "neck", "head", "head.box", "head.cls"), a
     * layer's number or range ("12", "3-7"), a glob on names */
    const char *float_layers;
    octet_precision float_precision; /**< of these: OCTET_PRECISION_FP32 (default) or _BF16 */
    /** INT8: a TensorRT cache in place of statistics, or NULL.
     * What it lacks is logged; convolutions that need it stay FP32 */
    const octet_cache *cache;
    /** INT8: of weights' codes, 8 (default, also 0) or 4; the picture's convolution, depthwise ones
     * and those of the network's outputs keep 8 */
    int weight_bits;
    /** INT8, of statistics of several sizes: "merged" (default, also NULL): one set of scales for
     * all; "per-size": one for each, weights' codes being shared; "auto[:REGRET_DB]": of their own
     * for sizes that lose more than REGRET_DB (default 0.5) by the merged ones, in the mean over
     * tensors. A session takes the set of the size that is nearest to its own */
    const char *scales;
    size_t reserved[3];
} octet_build_settings;

OCTET_API void octet_build_defaults(octet_build_settings *settings);

/** Makes an engine. INT8 needs `statistics` made from the same model: others are refused with
 * OCTET_MISMATCH, and so are float layers that the model does not have. Others take none (NULL). On
 * success the caller owns `*engine`, which does not refer to the model or the statistics. With
 * `engine` NULL only the settings are checked, against `model` unless that is NULL too. */
OCTET_API octet_status octet_build(octet_context *context, const octet_model *model,
                                   const octet_statistics *statistics,
                                   const octet_build_settings *settings, octet_engine **engine);

/** Which layers of the model such words mean: sets `selected[layer]`, of octet_info's layer_count,
 * to 1 for those, else 0. Fails as octet_build() does. */
OCTET_API octet_status octet_build_select_layers(octet_context *context, const octet_model *model,
                                                 const char *float_layers, unsigned char *selected);

OCTET_END_DECLARATIONS
#endif
