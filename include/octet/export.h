/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OCTET_EXPORT_H
#define OCTET_EXPORT_H

#include <octet/calibrate.h>

OCTET_BEGIN_DECLARATIONS

/** The ONNX model with QuantizeLinear and DequantizeLinear, or a TensorRT calibration cache. */
typedef enum octet_export_format { OCTET_EXPORT_QDQ, OCTET_EXPORT_TRT_CACHE } octet_export_format;

/** Settings of an export. Fill with octet_export_defaults(). */
typedef struct octet_export_settings {
    octet_export_format format;
    const char *calibrator;   /**< as in octet_build_settings; its ranges are made symmetric */
    const char *float_layers; /**< as there, or "auto" (default for QDQ): by measured error */
    int int8_weights;         /**< QDQ: weights as codes; default 0: as floats with Q/DQ behind */
    int unsigned_codes; /**< QDQ: activations in uint8, zero point 128, the same values: OpenVINO */
    const char *cache_header; /**< default "TRT-8602-EntropyCalibration2", for minmax "Min..." */
    /** Told of each convolution left float, unless NULL: its share of the multiply-adds, and the
     * error that codes of its input would bring, as a share of the signal's power. */
    void (*left_float)(void *user, const char *name, double share, double noise);
    void *user;
    size_t reserved[5];
} octet_export_settings;

typedef struct octet_export_info {
    int model_opset, opset;                        /**< of the model, and of what was made of it */
    int layer_count, quantised_count, float_count; /**< convolutions; float_count: by choice */
    int tensor_count; /**< Q/DQ pairs on activations, or entries of the cache */
    size_t reserved[8];
} octet_export_info;

OCTET_API void octet_export_defaults(octet_export_settings *settings);
/** Exports the ONNX file `model` to `path`. With `path` NULL only the settings are checked. `info`
 * may be NULL. Errors are those of octet_model_load(), octet_build() and octet_engine_save(). */
OCTET_API octet_status octet_export(octet_context *context, const char *model,
                                    const octet_statistics *statistics,
                                    const octet_export_settings *settings, const char *path,
                                    octet_export_info *info);

/** A TensorRT calibration cache: a header line, and scales. octet_build_settings takes one. */
typedef struct octet_cache octet_cache;
typedef struct octet_cache_entry {
    const char *name, *problem; /**< problem: why the scale is of no use, "is zero", or NULL */
    double scale;
    double maximum, clipped; /**< largest magnitude, and the share beyond 127 scales; or -1 */
} octet_cache_entry;

OCTET_API octet_status octet_cache_load(octet_context *context, const char *path,
                                        octet_cache **cache);
OCTET_API const char *octet_cache_header(const octet_cache *cache);
/** Entry `index`, compared with `statistics` unless NULL; returns 0 past the end. */
OCTET_API int octet_cache_at(const octet_cache *cache, const octet_statistics *statistics,
                             int index, octet_cache_entry *entry);
OCTET_API void octet_cache_free(octet_cache **cache);

OCTET_END_DECLARATIONS
#endif
