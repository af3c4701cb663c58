/* SPDX-License-Identifier: Apache-2.0 */
/* From the bytes of an ONNX file to the network: the passes, in their order. */
#ifndef OCTET_COMPILER_IMPORT_PIPELINE_H
#define OCTET_COMPILER_IMPORT_PIPELINE_H

#include "compiler/graph/imported.h"
#include "compiler/onnx/onnx_model.h"

/*
 * Reads an Ultralytics YOLO detector. `name` stands for the file in messages. The bytes need not
 * stay. On success the caller owns `*network`, to be freed with oct_imported_free(); on failure it
 * is NULL. Fails with OCTET_BAD_FORMAT (damaged), OCTET_UNSUPPORTED_VERSION (opset below 11),
 * OCTET_UNSUPPORTED_OPERATOR (the message has operator and node), OCTET_UNSUPPORTED_MODEL (no
 * head that is known, quantised in a way that is not read, weights not finite or in another
 * file), OCTET_BAD_SHAPE, OCTET_OUT_OF_MEMORY.
 */
octet_status oct_imported_from_bytes(octet_context *ctx, const void *bytes, size_t size,
                                     const char *name, struct oct_imported **imported);

/* As oct_imported_from_bytes(), of the file at `path`:
 * data of its tensors may lie in files beside it. */
octet_status oct_imported_from_file(octet_context *ctx, const void *bytes, size_t size,
                                    const char *path, struct oct_imported **imported);

/* Frees what was imported and all that it owns, the file's message among it. Accepts NULL. */
void oct_imported_free(octet_context *ctx, struct oct_imported *imported);

#endif
