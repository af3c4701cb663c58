/* SPDX-License-Identifier: Apache-2.0 */
/* How a file holds a training that goes on later; docs/formats.md has it. */
#ifndef OCTET_TRAIN_TUNING_STATE_H
#define OCTET_TRAIN_TUNING_STATE_H

#include "base/arena.h"

enum oct_state_array {
    OCT_STATE_VALUES,
    OCT_STATE_KEPT,
    OCT_STATE_MEANS,
    OCT_STATE_SQUARES,
    OCT_STATE_ARRAYS
};

/* All that is in such a file. Nothing is owned. */
struct oct_tuning_state {
    const char *model;    /* its hash */
    const char *settings; /* as text: all that must be the same */
    const char *note;
    int64_t step, steps; /* 0 <= step <= steps */
    double loss;
    size_t count;                            /* of each array */
    const uint8_t *arrays[OCT_STATE_ARRAYS]; /* floats, finite when read; not aligned */
};

octet_status oct_tuning_state_write(octet_context *ctx, const char *path,
                                    const struct oct_tuning_state *state);

/* Texts are in the arena, arrays in `bytes`. Fails with OCTET_UNKNOWN_FORMAT for what is no such
 * file, OCTET_UNSUPPORTED_VERSION for a later one, OCTET_BAD_FORMAT for a damaged one. */
octet_status oct_tuning_state_read(octet_context *ctx, struct oct_arena *arena, const void *bytes,
                                   size_t size, const char *name, struct oct_tuning_state *state);

#endif
