/* SPDX-License-Identifier: Apache-2.0 */
/* An ONNX file in memory: the unpacked message and the graph made from it. */
#ifndef OCTET_COMPILER_ONNX_ONNX_MODEL_H
#define OCTET_COMPILER_ONNX_ONNX_MODEL_H

#include "base/read_file.h"
#include "compiler/graph/graph.h"
#include "onnx.pb-c.h"

/* TensorProto.DataType, of what octet computes with, and what else it knows by name. */
enum oct_onnx_type {
    OCT_ONNX_FLOAT = 1,
    OCT_ONNX_UINT8 = 2,
    OCT_ONNX_INT8 = 3,
    OCT_ONNX_UINT16 = 4,
    OCT_ONNX_INT16 = 5,
    OCT_ONNX_INT32 = 6,
    OCT_ONNX_INT64 = 7,
    OCT_ONNX_BOOL = 9,
    OCT_ONNX_FLOAT16 = 10,
    OCT_ONNX_DOUBLE = 11,
    OCT_ONNX_UINT32 = 12,
    OCT_ONNX_UINT64 = 13,
    OCT_ONNX_BFLOAT16 = 16,
    OCT_ONNX_STRING = 8,
    OCT_ONNX_SPARSE = -1 /* no type of the format: a sparse tensor, of any */
};

/* Unpacking allocates this much in all, at most: many small fields cost far more unpacked than
 * packed. */
#define OCT_ONNX_BYTES_BASE ((size_t)64 << 20)
#define OCT_ONNX_BYTES_FACTOR 8 /* times the file's size */

#define OCT_ONNX_DATA_FILES_MAX 16 /* beside a model */

struct oct_onnx_model {
    octet_context *ctx;
    OctOnnx__ModelProto *message; /* NULL after oct_onnx_close() */
    ProtobufCAllocator allocator; /* of `message`: the context's, with a limit */
    size_t bytes_left;
    bool out_of_memory, over_limit;
    const char *path; /* of the model's file, beside which there may be tensors' data; or NULL */
    int data_file_count;
    const char *data_locations[OCT_ONNX_DATA_FILES_MAX], *data_paths[OCT_ONNX_DATA_FILES_MAX];
    struct oct_file data_files[OCT_ONNX_DATA_FILES_MAX];
    struct oct_graph graph; /* constants may share the message's memory */
};

/*
 * Unpacks the file and builds its graph, verified and sorted, with the inputs' types and fixed
 * shapes set. `name` stands for the file in messages and must outlive the model; the bytes need
 * not. Fails with OCTET_BAD_FORMAT (damaged), OCTET_UNSUPPORTED_MODEL (weights in another file),
 * OCTET_UNSUPPORTED_VERSION (opset), OCTET_OUT_OF_MEMORY. The model must stay
 * where it is until oct_onnx_close(), which is to be called in any case.
 */
octet_status oct_onnx_open(octet_context *ctx, const void *bytes, size_t size, const char *name,
                           struct oct_onnx_model *model);

/* As oct_onnx_open(), of a file at `path`, its name: data of tensors is also read from files below
 * its folder. Fails with OCTET_FILE_* too. */
octet_status oct_onnx_open_file(octet_context *ctx, const void *bytes, size_t size,
                                const char *path, struct oct_onnx_model *model);

void oct_onnx_close(struct oct_onnx_model *model);

/* Sets up `model` without a message: for messages that are made or unpacked elsewhere. */
void oct_onnx_init(octet_context *ctx, const char *name, struct oct_onnx_model *model);

/* Unpacks only. */
octet_status oct_onnx_unpack(struct oct_onnx_model *model, const void *bytes, size_t size);

/* Builds the graph of model->message. */
octet_status oct_onnx_build_graph(struct oct_onnx_model *model);

/* The type's name as octet shows it: "float32" for 1, "FLOAT8E4M3FN" for 17, which octet does not
 * compute with; "unknown" for none of the format. Static text. */
const char *oct_onnx_type_name(int32_t type);

/* Whether it is a type that octet computes with. */
bool oct_onnx_computes_with(int32_t type);

/* The tensor with its data at hand: as it is, or with what a file beside the model holds, which
 * stays until the model is closed. `*resolved` shares the tensor's memory. */
octet_status oct_onnx_resolve(struct oct_onnx_model *model, const OctOnnx__TensorProto *tensor,
                              OctOnnx__TensorProto *resolved);

/*
 * Converts a tensor. Its data lies in `arena`, or stays in the message where it is usable as it is.
 * Types that octet does not compute with leave the array UNKNOWN. Fails with OCTET_BAD_FORMAT when
 * data and shape do not fit, with OCTET_UNSUPPORTED_MODEL when the data is in another file.
 */
octet_status oct_onnx_tensor(octet_context *ctx, const char *file,
                             const OctOnnx__TensorProto *tensor, struct oct_arena *arena,
                             struct oct_array *array);

#endif
