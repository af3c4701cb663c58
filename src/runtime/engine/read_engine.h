/* SPDX-License-Identifier: Apache-2.0 */
/* One reading of an engine file, private to read_engine.c and read_network.c. */
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
    int provenance_count;
    const char **provenance_keys, **provenance_values;
};

/* Fills `network` from the JSON of octet.plan and the file's tensors. */
octet_status oct_network_read(struct oct_engine_reading *r, const struct oct_json_value *json);

#endif
