/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TensorRT calibration caches: a line "TRT-<version>-<algorithm>", then for each tensor
 * "<name>: <hexadecimal digits>", the bits of the float32 scale amax/127.
 */
#ifndef OCTET_COMPILER_EXPORT_TRT_CACHE_H
#define OCTET_COMPILER_EXPORT_TRT_CACHE_H

#include <octet/export.h>

#include "base/text.h"
#include "compiler/export/recipe.h"

#define OCT_TRT_HEADER_DEFAULT "TRT-8602-EntropyCalibration2"
#define OCT_TRT_HEADER_MINMAX "TRT-8602-MinMaxCalibration"
#define OCT_TRT_HEADER_MAX 80

struct oct_cache_entry {
    const char *name;
    float scale;
    const char *problem; /* why the scale is of no use, or NULL */
};

struct octet_cache {
    struct octet_context own;
    struct oct_arena arena;
    const char *name; /* of the file */
    const char *header;
    int count;
    struct oct_cache_entry *entries;       /* in the file's order */
    const struct oct_cache_entry **sorted; /* by name; of equals the first in the file first */
};

/* Whether a text is "TRT-<digits>-<letters and digits>". */
bool oct_trt_header_valid(const char *text, size_t length);

/*
 * Reads a cache. A name ends at the last ": " of its line; one to eight digits follow. Entries with
 * scales that are zero, negative, infinite or not a number, and second ones of a name, are kept
 * with a problem. Fails with OCTET_UNKNOWN_FORMAT or OCTET_BAD_FORMAT, naming the line.
 */
octet_status oct_cache_read(octet_context *ctx, const void *bytes, size_t size, const char *name,
                            octet_cache **cache);

octet_status oct_cache_from_file(octet_context *ctx, const char *path, octet_cache **cache);
void oct_cache_free(octet_cache *cache);

/* What octet_cache_at() tells of an entry; `statistics` may be NULL. */
void oct_cache_compare(const struct oct_cache_entry *from, const octet_statistics *statistics,
                       octet_cache_entry *entry);

/* The first entry of that name, or NULL. */
const struct oct_cache_entry *oct_cache_find(const octet_cache *cache, const char *name);

/*
 * Writes the recipe's scales under the names of the picture and of what the body's nodes make.
 * A convolution that `left_out` ([network layers], or NULL) marks has no scale for its result, so
 * that TensorRT computes it in float. `count` takes the number of entries.
 */
octet_status oct_cache_write(const struct oct_recipe *recipe, const bool *left_out,
                             const char *header, struct oct_text *text, int *count);

/* The scale of a convolution's result before its activation, which the statistics do not have, from
 * that of the activation's result. */
float oct_scale_before(enum oct_activation activation, float scale);

#endif
