/* SPDX-License-Identifier: Apache-2.0 */
/* An engine: a verified network with its weights, and where it came from. */
#ifndef OCTET_RUNTIME_ENGINE_ENGINE_CONTENTS_H
#define OCTET_RUNTIME_ENGINE_ENGINE_CONTENTS_H

#include <octet/engine.h>

#include "base/lock.h"
#include "base/read_file.h"
#include "network/network.h"

/* Of the file format, docs/formats.md: the newest, and what came with which: BF16, other heads than
 * YOLOv8's, depthwise convolutions and other activations than SiLU, uneven padding, weights of 4
 * bits, sets of scales; operations say it themselves. A file is of the oldest version that has what
 * is in it. */
#define OCT_ENGINE_VERSION 5
#define OCT_ENGINE_VERSION_SETS 5
#define OCT_ENGINE_VERSION_BITS 4
#define OCT_ENGINE_VERSION_ACTIVATIONS 3
#define OCT_ENGINE_VERSION_UNEVEN 3
#define OCT_ENGINE_VERSION_FIRST 1
#define OCT_ENGINE_VERSION_BF16 2
#define OCT_ENGINE_VERSION_HEADS 3

/* What sessions have of one engine together, beside what they only read: each kind of backend makes
 * its part with its first session and ends it with its last. A part's lock is held while sessions
 * open and close, never while they run. */
enum oct_shared_kind { OCT_SHARED_CPU, OCT_SHARED_CUDA, OCT_SHARED_KINDS };
struct oct_shared_part {
    struct oct_lock lock;
    void *contents; /* NULL where no session is open */
};
struct oct_engine_shared {
    struct octet_context own; /* the engine's allocator, which outlives any session's */
    struct oct_shared_part parts[OCT_SHARED_KINDS];
};

/* Sizes of input, and sets of scales for them. */
#define OCT_SIZES_MAX 64
struct oct_scaled_size {
    int height, width; /* of the input, pixels */
    int set;
};

struct octet_engine {
    struct octet_context own; /* allocator of everything below */
    struct oct_engine_shared *shared;
    struct oct_arena arena;
    struct oct_file file; /* that it was read from: weights lie in it; or empty */
    struct oct_network network;
    /* Sets of scales beside the network's own, which is set 0: the same network and weights' codes,
     * with other codings, and scales and biases of convolutions. */
    int set_count;                               /* 1 and more, that of `network` among them */
    struct oct_network *sets;                    /* [set_count - 1] */
    int size_count;                              /* 0 where there is one set only */
    struct oct_scaled_size sizes[OCT_SIZES_MAX]; /* by rising area, then height */
    int provenance_count;
    const char **provenance_keys, **provenance_values;
};

/* An empty engine. On failure NULL and the context's message. */
octet_status oct_engine_create(octet_context *ctx, octet_engine **engine);
void oct_engine_free(octet_engine *engine);

/* Copies a network into the engine and verifies it. Weights that lie in the engine's own file are
 * shared. */
octet_status oct_engine_set_network(octet_context *ctx, octet_engine *engine,
                                    const struct oct_network *network, const char *name);

/* Adds a set of scales: the codings, and the scales and biases, of a network that has the engine's
 * structure, as oct_engine_set_network() has copied it. */
octet_status oct_engine_add_set(octet_context *ctx, octet_engine *engine,
                                const struct oct_network *network, const char *name);

/* Says which sizes, by rising area, then height, take which sets. */
void oct_engine_set_sizes(octet_engine *engine, const struct oct_scaled_size *sizes, int count);

/* Which of sizes, by rising area, is this one, or else is nearest to it by the ratio of their
 * pixels, of two the larger one; -1: there are none. */
int oct_nearest_size(const struct oct_scaled_size *sizes, int count, int height, int width);

/* The set that sessions of a size take, that of the nearest one; and the network with a set's
 * scales. */
int oct_engine_set_of(const octet_engine *engine, int height, int width);
const struct oct_network *oct_engine_network(const octet_engine *engine, int set);

/* Copies provenance entries. */
octet_status oct_engine_set_provenance(octet_context *ctx, octet_engine *engine, int count,
                                       const char *const *keys, const char *const *values);

/* The text of a provenance entry; NULL: there is none. */
const char *oct_engine_provenance(const octet_engine *engine, const char *key);

/* Makes an engine of a file's bytes, which it takes over: `file` is empty afterwards, on failure
 * too. */
octet_status oct_engine_read(octet_context *ctx, struct oct_file *file, const char *name,
                             octet_engine **engine);
/* Whether a file would be read: all of it but the weights' values, which are not copied. */
octet_status oct_engine_look(octet_context *ctx, const void *bytes, size_t size, const char *name);
octet_status oct_engine_write(octet_context *ctx, const octet_engine *engine, const char *path);
/* The same bytes, in memory that oct_free() frees; NULL on failure. */
octet_status oct_engine_pack(octet_context *ctx, const octet_engine *engine, uint8_t **bytes,
                             size_t *size);

#endif
