/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The safetensors container: 8 bytes little-endian length of a JSON header, the header, then raw
 * little-endian tensors. Format: https://github.com/huggingface/safetensors (README, "Format").
 * Engines and statistics are such files.
 */
#ifndef OCTET_RUNTIME_CONTAINER_SAFETENSORS_H
#define OCTET_RUNTIME_CONTAINER_SAFETENSORS_H

#include "base/arena.h"

#define OCT_SAFETENSORS_RANK_MAX 8

enum oct_safetensors_type {
    OCT_SAFETENSORS_I8,
    OCT_SAFETENSORS_U8,
    OCT_SAFETENSORS_BF16,
    OCT_SAFETENSORS_I32,
    OCT_SAFETENSORS_F32,
    OCT_SAFETENSORS_I64,
    OCT_SAFETENSORS_U64,
    OCT_SAFETENSORS_F64,
    OCT_SAFETENSORS_OTHER /* read and checked, but of no use to octet */
};

struct oct_safetensors_tensor {
    const char *name;
    enum oct_safetensors_type type;
    int rank;
    size_t shape[OCT_SAFETENSORS_RANK_MAX];
    size_t size;          /* bytes */
    const uint8_t *bytes; /* not aligned */
};

/* A parsed file. Tensors are in the order of their bytes, which are those that were given; names
 * and metadata live in the arena. */
struct oct_safetensors {
    int tensor_count, metadata_count;
    struct oct_safetensors_tensor *tensors;
    const char **keys, **values; /* __metadata__ */
};

/* Checks everything: header length, JSON, each tensor's fields (dtype, shape and data_offsets, and
 * no other), and that tensors cover the data from end to end without overlap. Fails with
 * OCTET_UNKNOWN_FORMAT when it does not look like a container at all, OCTET_BAD_FORMAT when it is
 * damaged. */
octet_status oct_safetensors_parse(octet_context *ctx, struct oct_arena *arena, const void *bytes,
                                   size_t size, const char *name, struct oct_safetensors *parsed);

/* Refuses metadata whose key is none of `keys`; `what` is "FILE: damaged engine", for instance. */
octet_status oct_safetensors_known(octet_context *ctx, const struct oct_safetensors *parsed,
                                   const char *what, const char *const *keys, int count);

/* NULL when there is none. */
const char *oct_safetensors_metadata(const struct oct_safetensors *parsed, const char *key);
const struct oct_safetensors_tensor *oct_safetensors_find(const struct oct_safetensors *parsed,
                                                          const char *name);

/* Reads a file's bytes as whoever will use them, and throws away what came of it. */
typedef octet_status oct_safetensors_check(octet_context *ctx, const void *bytes, size_t size,
                                           const char *name);

/* Writes the file as a whole or not at all (output.h): what was written must first pass `check`.
 * `contents` describes it: tensor bytes are read, not kept; the tensors' sizes must agree with type
 * and shape. */
octet_status oct_safetensors_write(octet_context *ctx, const char *path,
                                   const struct oct_safetensors *contents,
                                   oct_safetensors_check *check);

/* As oct_safetensors_write(), into memory, which oct_free() frees; `name` is for messages. On
 * failure `*bytes` is NULL. */
octet_status oct_safetensors_pack(octet_context *ctx, const char *name,
                                  const struct oct_safetensors *contents,
                                  oct_safetensors_check *check, uint8_t **bytes, size_t *size);

/* As the header has it, "F32" for instance; not of OTHER. */
const char *oct_safetensors_type_name(enum oct_safetensors_type type);

/* Bytes of one element; 0 for OTHER. */
size_t oct_safetensors_element_bytes(enum oct_safetensors_type type);

#endif
