/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An ONNX message with changes: nodes put in, exchanged or dropped, initializers added or
 * exchanged. What is not changed is shared with the message it was made from, which stays as it
 * was; fields that octet does not know go along.
 */
#ifndef OCTET_COMPILER_EXPORT_REWRITE_H
#define OCTET_COMPILER_EXPORT_REWRITE_H

#include "compiler/onnx/onnx_model.h"

/* A name of a value in the message. */
struct oct_rewrite_name {
    const char *text;
    int producer;    /* node, or -1 */
    int initializer; /* or -1 */
    int uses;        /* inputs of nodes, and outputs of the graph */
};

/* A node that is put in. */
struct oct_rewrite_insert {
    int64_t place; /* 2 n: before node n; 2 n + 1: behind it; -1: before all */
    size_t sequence;
    OctOnnx__NodeProto *node;
};

struct oct_rewrite {
    octet_context *ctx;
    struct oct_arena *arena;
    const OctOnnx__ModelProto *source;
    struct oct_rewrite_name *names; /* sorted */
    size_t name_count;
    OctOnnx__NodeProto **nodes;          /* [source nodes]: as they will be; NULL: dropped */
    bool *copied;                        /* [source nodes]: ours to change */
    OctOnnx__TensorProto **initializers; /* the source's first; NULL: dropped */
    size_t initializer_count, initializer_room;
    struct oct_rewrite_insert *inserts;
    size_t insert_count, insert_room;
    int64_t opset, ir_version;
    OctOnnx__StringStringEntryProto **metadata;
    size_t metadata_count;
};

/* All memory is from `arena`; `source` must stay. */
octet_status oct_rewrite_open(octet_context *ctx, struct oct_arena *arena,
                              const OctOnnx__ModelProto *source, struct oct_rewrite *rewrite);

const struct oct_rewrite_name *oct_rewrite_find(const struct oct_rewrite *rewrite,
                                                const char *name);

/* "<name><suffix>", with '_' behind it as long as the message has such a name. All functions below
 * return NULL or false when memory ran out. */
const char *oct_rewrite_new_name(struct oct_rewrite *rewrite, const char *name, const char *suffix);

/* A node of the source, to be changed; its list of inputs has room for one more. */
OctOnnx__NodeProto *oct_rewrite_change(struct oct_rewrite *rewrite, int node);

/* Puts in a node "<op>" that reads `inputs` (NULL behind the last one) and writes `output`. */
OctOnnx__NodeProto *oct_rewrite_insert(struct oct_rewrite *rewrite, int64_t place, const char *op,
                                       const char *name, const char *const *inputs,
                                       const char *output);
bool oct_rewrite_set_int(struct oct_rewrite *rewrite, OctOnnx__NodeProto *node, const char *name,
                         int64_t value);

/* Adds an initializer, or exchanges that at `index` (-1: adds). The elements are copied. */
struct oct_rewrite_tensor {
    const char *name;
    enum oct_onnx_type type;
    size_t rank;
    const int64_t *dims;
    const void *elements;
    size_t bytes;
};
bool oct_rewrite_tensor(struct oct_rewrite *rewrite, int index,
                        const struct oct_rewrite_tensor *tensor);

bool oct_rewrite_metadata(struct oct_rewrite *rewrite, const char *key, const char *value);

/* The file. The caller frees `*bytes` with oct_free(). */
octet_status oct_rewrite_pack(struct oct_rewrite *rewrite, uint8_t **bytes, size_t *size);

#endif
