/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OCTET_MODEL_H
#define OCTET_MODEL_H

#include <octet/session.h>

OCTET_BEGIN_DECLARATIONS

/** A model is a YOLOv8 detector read from an ONNX file, simplified, with its head recognised and
 * cut off. Read-only after it was made, but for octet_model_set_names(). Desk side only: the
 * runtime library does not have it. */
typedef struct octet_model octet_model;

/** Reads an Ultralytics ONNX export of a YOLOv8 detection model (n to x, any classes and size,
 * static or dynamic, opset 11 and up, simplified or raw, float or half, with or without embedded
 * NMS), or another file of such a detector. On success the caller owns `*model`. Errors:
 * OCTET_FILE_*, OCTET_UNKNOWN_FORMAT (another kind of file), OCTET_BAD_FORMAT (damaged),
 * OCTET_UNSUPPORTED_OPERATOR (the message has operator and node), OCTET_UNSUPPORTED_MODEL (not a
 * YOLOv8 detection head), OCTET_UNSUPPORTED_VERSION (an older opset), OCTET_BAD_SHAPE. A quantised
 * file keeps its scales: info then says INT8. */
OCTET_API octet_status octet_model_load(octet_context *context, const char *path,
                                        octet_model **model);

/** As octet_model_load(), from memory; the bytes need not stay. Data of tensors in files beside the
 * model, which octet_model_load() reads, is not read here. */
OCTET_API octet_status octet_model_load_memory(octet_context *context, const void *bytes,
                                               size_t size, const char *name, octet_model **model);

/** Names the classes, for files whose metadata does not, or in place of what it says. `text` is one
 * name a line, or a list or dict as Ultralytics writes it or as JSON: ['car'], {0: 'car'}. Engines
 * built from then on have the names. Errors leave the model as it was: OCTET_MISMATCH when there
 * are not as many names as classes (the message has both numbers), OCTET_BAD_FORMAT when a line is
 * empty or a class is left out. */
OCTET_API octet_status octet_model_set_names(octet_context *context, octet_model *model,
                                             const char *text);

OCTET_API void octet_model_info(const octet_model *model, octet_info *info);
OCTET_API const char *octet_model_class_name(const octet_model *model, int index);
OCTET_API octet_status octet_model_layer(const octet_model *model, int index,
                                         octet_layer_info *layer);
/** Metadata entry `index` of the ONNX file; returns 0 past the end. */
OCTET_API int octet_model_metadata(const octet_model *model, int index, const char **key,
                                   const char **text);

/** File `index` beside the model that holds data of its tensors (ONNX' external data), as it was
 * opened; returns 0 past the end. */
OCTET_API int octet_model_data_file(const octet_model *model, int index, const char **path);

/** An input or output tensor of the ONNX file: `shape` is text such as "1x3x640x640" or
 * "batchx3xheightxwidth". */
typedef struct octet_port_info {
    const char *name, *type, *shape;
} octet_port_info;

/** Input (`output` 0) or output (1) `index`; returns 0 past the end. */
OCTET_API int octet_model_port(const octet_model *model, int output, int index,
                               octet_port_info *port);

/** As octet_engine_detect_settings(): what the ONNX file selects boxes by. */
OCTET_API int octet_model_detect_settings(const octet_model *model,
                                          octet_detect_settings *settings);

OCTET_API void octet_model_free(octet_model **model);

OCTET_END_DECLARATIONS
#endif
