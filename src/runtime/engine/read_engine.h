/* SPDX-License-Identifier: Apache-2.0 */
/* One reading of an engine file, private to read_engine.c, read_network.c and
 * read_sets.c. */
#ifndef OCTET_RUNTIME_ENGINE_READ_ENGINE_H
#define OCTET_RUNTIME_ENGINE_READ_ENGINE_H

#include "base/fields.h"
#include "runtime/container/safetensors.h"
#include "runtime/engine/engine_contents.h"

struct oct_engine_reading {
    octet_context *ctx;
    struct oct_arena *arena; /* of the reading alone; the engine copies */
    const char *name, *what; /* of the file; "NAME: damaged engine" */
    bool look_only;          /* weights are compared with the network, and may stay unaligned */
    int version;             /* of the format */
    struct oct_safetensors file;
    int taken; /* of the file's tensors */
    struct oct_network network;
    int set_count;            /* 0, or 1 and those beside the network's own scales: */
    struct oct_network *sets; /* [set_count - 1] */
    int size_count;
    struct oct_scaled_size sizes[OCT_SIZES_MAX];
    int provenance_count;
    const char **provenance_keys, **provenance_values;
};

/* Fills `network` from the JSON of octet.plan and the file's tensors. */
octet_status oct_network_read(struct oct_engine_reading *r, const struct oct_json_value *json);

/* The same, of its lists of sets and sizes, once layers are read. */
octet_status oct_sets_read(struct oct_engine_reading *r, const struct oct_json_value *sets,
                           const struct oct_json_value *sizes);

/* A tensor of the file, where it lies, or an aligned copy; NULL and *status when it is missing or
 * not as expected. Once *status is a failure, nothing is done. */
const void *oct_engine_tensor(struct oct_engine_reading *r, const char *name,
                              enum oct_safetensors_type type, const size_t shape[4], int rank,
                              octet_status *status);

#endif
