/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OCTET_ENGINE_H
#define OCTET_ENGINE_H

#include <stdint.h>

#include <octet/context.h>

OCTET_BEGIN_DECLARATIONS

/** An engine is a compiled detector: the plan, the weights and the preprocessing contract. It does
 * not depend on the machine nor on the input size. It is read-only: any number of sessions, on any
 * threads, may share it, and it must outlive them. */
typedef struct octet_engine octet_engine;

typedef enum octet_precision {
    OCTET_PRECISION_FP32 = 0,
    OCTET_PRECISION_INT8 = 1,
    OCTET_PRECISION_MIXED = 2, /**< reported only: some layers INT8, some float, as was asked for */
    OCTET_PRECISION_BF16 = 3,  /**< bfloat16 where the CPU multiplies it fast, else FP32 */
    OCTET_PRECISION_HALF = OCTET_PRECISION_BF16 /**< its name in files and JSON, and its old one */
} octet_precision;

/** What a model or an engine is. All text belongs to the handle and lives as long as it. */
typedef struct octet_info {
    const char *name;          /**< the model's description from its metadata, or its file name */
    octet_precision precision; /**< FP32 for an ONNX model */
    int class_count;           /**< 1 or more */
    int stride_max;            /**< inputs are multiples of it; 32 */
    int input_height;          /**< default size, pixels; from the metadata or the ONNX input */
    int input_width;           /**< pixels */
    /** 1 when the ONNX file says one size only (octet runs others all the same) */
    int size_is_fixed;
    int layer_count;             /**< see octet_engine_layer() */
    int64_t weight_count;        /**< weights and biases */
    int64_t weight_bytes;        /**< as stored in this file or model */
    int64_t multiply_adds;       /**< of the convolutions at the default size, one picture */
    double probe_box_difference; /**< pixels at most, of octet's decode and the model's own head */
    double probe_score_difference; /**< the same of scores; on random tensors, at import */
    const char *head; /**< of a box: "dfl" (distributions, YOLOv8) or "distances" (YOLO26) */
    int weight_bits;  /**< of INT8 layers: 8, or 4 (most of them); 0 where there are none */
    int scale_sets;   /**< 1; of an engine with scales for sizes more, see octet_engine_size() */
    size_t reserved[5];
} octet_info;

/** One layer. Shapes are of the default input size, batch 1: channels, height, width. */
typedef struct octet_layer_info {
    const char *name;      /**< the ONNX tensor that the layer produces */
    const char *operation; /**< "Conv", "Depthwise", "MaxPool", "AveragePool", "Upsample", ... */
    const char *fused;     /**< what runs in the same pass, e.g. "SiLU+Add", or "" */
    octet_precision precision;
    int input_channels, input_height, input_width;
    int output_channels, output_height, output_width;
    int kernel, stride; /**< pixels; 1 and 1 where they do not apply */
    int64_t multiply_adds;
    int64_t weight_bytes;
    double output_scale;   /**< INT8: real = scale * (code - zero_point); 0 for float tensors */
    int output_zero_point; /**< 0 to 255 */
} octet_layer_info;

/** Reads an engine file (.octet). On success the caller owns `*engine`. On failure it is NULL and
 * the message names the file and what was wrong: OCTET_FILE_*, OCTET_BAD_FORMAT,
 * OCTET_UNSUPPORTED_VERSION, OCTET_OUT_OF_MEMORY. Nothing in the file is trusted. */
OCTET_API octet_status octet_engine_load(octet_context *context, const char *path,
                                         octet_engine **engine);

/** As octet_engine_load(), from memory; the bytes are copied as needed and need not stay. */
OCTET_API octet_status octet_engine_load_memory(octet_context *context, const void *bytes,
                                                size_t size, const char *name,
                                                octet_engine **engine);

/** Writes the engine file: beside it, fsync, rename. On failure no file is left and an old one is
 * untouched. */
OCTET_API octet_status octet_engine_save(octet_context *context, const octet_engine *engine,
                                         const char *path);

/** As octet_engine_save(), into memory: gives the file's bytes, which the caller frees with
 * octet_free(). On failure `*bytes` is NULL and `*size` 0. */
OCTET_API octet_status octet_engine_save_memory(octet_context *context, const octet_engine *engine,
                                                void **bytes, size_t *size);

OCTET_API void octet_engine_info(const octet_engine *engine, octet_info *info);
/** Class `index`' name, "" when out of range. */
OCTET_API const char *octet_engine_class_name(const octet_engine *engine, int index);
/** Layer `index` in running order; OCTET_INVALID_ARGUMENT when out of range. */
OCTET_API octet_status octet_engine_layer(const octet_engine *engine, int index,
                                          octet_layer_info *layer);
/** Whether layer `layer` reads what layer `from` makes, or a part of it: 1 or 0. With `from` -1:
 * whether it reads the picture. */
OCTET_API int octet_engine_layer_reads(const octet_engine *engine, int layer, int from);
/** Input size `index`, by rising area, for which an engine of several sets of scales has one, and
 * its number (0: that of octet_engine_layer()); returns 0 past the end. A session takes the set of
 * the size nearest to its own, by the ratio of their pixels. */
OCTET_API int octet_engine_size(const octet_engine *engine, int index, int *height, int *width,
                                int *set);
/** Provenance entry `index` (key and text, e.g. "calibrator", "mse"); returns 0 past the end. */
OCTET_API int octet_engine_provenance(const octet_engine *engine, int index, const char **key,
                                      const char **text);

OCTET_API void octet_engine_free(octet_engine **engine);

OCTET_END_DECLARATIONS
#endif
